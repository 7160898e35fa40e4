import CDifferential

/// Follows inode numbers over time within one mount (SEMANTICS 6.1).
struct IdentityTracker {
    private var numbers: [Bytes: UInt64] = [:]

    /// Paths whose number is not what it was, although the object is the same, from one step to the next.
    mutating func unstable(after operation: Operation?, _ outcome: Outcome?, _ snapshot: Snapshot) -> [Bytes] {
        var expected = numbers
        if let operation, outcome?.succeeded ?? false { expected = Self.moved(expected, by: operation) }
        var found: [Bytes] = []
        numbers.removeAll(keepingCapacity: true)
        for node in snapshot.nodes {
            numbers[node.path] = node.stat.ino
            if let before = expected[node.path], before != node.stat.ino { found.append(node.path) }
        }
        return found
    }

    /// Where the objects are after a step that worked.
    private static func moved(_ numbers: [Bytes: UInt64], by operation: Operation) -> [Bytes: UInt64] {
        guard case .rename(let from, let to, let flags) = operation, from != to else { return numbers }
        // Two names of one file: rename does nothing.
        if flags != 2, let one = numbers[from], one == numbers[to] { return numbers }
        var result: [Bytes: UInt64] = [:]
        for (path, number) in numbers {
            if path.isWithin(from) {
                result[to.appending(Bytes(path.dropFirst(from.isEmpty ? 0 : from.count + 1)))] = number
            } else if path.isWithin(to) {
                guard flags == 2 else { continue }
                result[from.appending(Bytes(path.dropFirst(to.count + 1)))] = number
            } else {
                result[path] = number
            }
        }
        return result
    }

    /// The number of every path now, for a comparison across a remount (6.2).
    func differing(from snapshot: Snapshot) -> [Bytes] {
        snapshot.nodes.filter { node in numbers[node.path].map { $0 != node.stat.ino } ?? false }.map(\.path)
    }
}
