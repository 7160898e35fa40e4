/// A secret that the finished image does not show, but that whoever has the image can read in a lower layer.
public struct BuriedSecret: Sendable {
    public let path: [UInt8]
    /// What it is, in words.
    public let kind: String
    /// The layer that holds it, from 0.
    public let layer: Int
    /// The layer that hides it.
    public let by: Int
    public let isDeleted: Bool

    static func find(_ tree: ImageTree, _ scans: [[Int32: String]]) -> [BuriedSecret] {
        guard scans.contains(where: { !$0.isEmpty }) else { return [] }
        var secrets: [BuriedSecret] = []
        for index in tree.nodes.indices {
            let events = tree.nodes[index].events
            for (place, event) in events.enumerated() {
                guard let kind = scans[Int(event.layer)][event.entry], place + 1 < events.count else { continue }
                let next = events[place + 1]
                if let old = tree.entry(event), let new = tree.entry(tree.data(next)), tree.hasSameData(old, new) {
                    continue
                }
                secrets.append(
                    BuriedSecret(
                        path: tree.path(Int32(truncatingIfNeeded: index)), kind: kind, layer: Int(event.layer),
                        by: Int(next.layer), isDeleted: next.isDeleted))
            }
        }
        return secrets.sorted {
            $0.path == $1.path ? $0.layer < $1.layer : $0.path.lexicographicallyPrecedes($1.path)
        }
    }
}
