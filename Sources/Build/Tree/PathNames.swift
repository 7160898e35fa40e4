/// Paths as lists of names.
extension [UInt8] {
    /// What the slashes separate, without empty names and `.`.
    var pathNames: [[UInt8]] {
        split(separator: .slash).filter { !$0.elementsEqual([.dot]) }.map { Array($0) }
    }

    /// A path and a name below it; either may be empty.
    func joined(_ name: [UInt8]) -> [UInt8] {
        isEmpty ? name : name.isEmpty ? self : self + [.slash] + name
    }

    /// All before the last slash, and what follows it.
    var parentAndLast: (parent: [UInt8], last: [UInt8]) {
        guard let slash = lastIndex(of: .slash) else { return ([], self) }
        return (Array(self[..<slash]), Array(self[(slash + 1)...]))
    }
}

extension [[UInt8]] {
    /// The names with slashes between them.
    var path: [UInt8] { [UInt8](joined(separator: [UInt8.slash])) }
}

extension UInt8 {
    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")
}
