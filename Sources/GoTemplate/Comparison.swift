/// How values compare: those of one basic kind with one another.
enum Comparison {
    typealias Complaint = Functions.Complaint

    /// Whether the first argument equals one of the others.
    static func anyEqual(_ arguments: [Value]) throws(Complaint) -> Bool {
        guard let first = arguments.first, arguments.count > 1 else {
            throw Complaint("missing argument for comparison")
        }
        for other in arguments.dropFirst() where try areEqual(first, other) { return true }
        return false
    }

    private static func areEqual(_ one: Value, _ other: Value) throws(Complaint) -> Bool {
        switch (one, other) {
        case (.null, .null), (.null, .missing), (.missing, .null), (.missing, .missing): return true
        case (.null, _), (.missing, _), (_, .null), (_, .missing): return false
        case (.bool(let one), .bool(let other)): return one == other
        case (.integer(let one), .integer(let other)): return one == other
        case (.number(let one), .number(let other)): return one == other
        case (.string(let one), .string(let other)): return one.utf8.elementsEqual(other.utf8)
        default: throw incomparable(one, other)
        }
    }

    /// Less than zero, zero, or more, as the first argument is less than, equal to, or greater than the second.
    static func order(_ arguments: [Value]) throws(Complaint) -> Int {
        switch (arguments[0], arguments[1]) {
        case (.integer(let one), .integer(let other)): return one < other ? -1 : one == other ? 0 : 1
        case (.number(let one), .number(let other)): return one < other ? -1 : one == other ? 0 : 1
        case (.string(let one), .string(let other)):
            if one.utf8.elementsEqual(other.utf8) { return 0 }
            return one.utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
        default: throw incomparable(arguments[0], arguments[1])
        }
    }

    private static func incomparable(_ one: Value, _ other: Value) -> Complaint {
        Complaint("incompatible types for comparison: \(one.typeName) and \(other.typeName)")
    }
}
