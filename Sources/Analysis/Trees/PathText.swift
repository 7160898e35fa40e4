/// Paths out of trees whose nodes know what holds them.
enum PathText {
    /// The names from below the root, number 0, to a node, with slashes between; made in one piece.
    ///
    /// - Parameter step: a node's name and what holds it.
    static func bytes(_ node: Int32, _ step: (Int32) -> (name: ArraySlice<UInt8>, parent: Int32)) -> [UInt8] {
        var length = -1
        var current = node
        while current > 0 {
            let (name, parent) = step(current)
            length += name.count + 1
            current = parent
        }
        guard length >= 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var place = length
            var current = node
            while current > 0 {
                let (name, parent) = step(current)
                place -= name.count
                for (offset, byte) in name.enumerated() { buffer.initializeElement(at: place + offset, to: byte) }
                if place > 0 {
                    place -= 1
                    buffer.initializeElement(at: place, to: 0x2f)
                }
                current = parent
            }
            count = length
        }
    }
}
