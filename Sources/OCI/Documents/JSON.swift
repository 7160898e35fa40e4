/// A JSON value (RFC 8259), kept so that what a document holds besides the known fields survives reading and writing.
public enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number that is an integer of 64 bits.
    case integer(Int64)
    /// Any other number, as it was written.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// What kind of value it is, in words for messages.
    var kind: String {
        switch self {
        case .null: return "null"
        case .bool: return "a boolean"
        case .integer, .number: return "a number"
        case .string: return "a string"
        case .array: return "an array"
        case .object: return "an object"
        }
    }
}

/// The members of a JSON object in the order of their keys' bytes, each key once.
///
/// A `Dictionary` of `String` would take two keys for one where they differ only in Unicode normalisation.
public struct JSONObject: Equatable, Sendable {
    public struct Member: Equatable, Sendable {
        public let key: String
        public var value: JSON

        public static func == (a: Member, b: Member) -> Bool {
            a.key.utf8.elementsEqual(b.key.utf8) && a.value == b.value
        }
    }

    public private(set) var members: [Member] = []

    public init() {}

    /// Members in the order of their keys, each once.
    init(sorted members: [Member]) { self.members = members }

    public var isEmpty: Bool { members.isEmpty }

    /// The value of a key; assigning nil removes it.
    public subscript(key: String) -> JSON? {
        get {
            let index = place(of: key)
            return has(key, at: index) ? members[index].value : nil
        }
        set {
            let index = place(of: key)
            switch (has(key, at: index), newValue) {
            case (true, let value?): members[index].value = value
            case (true, nil): members.remove(at: index)
            case (false, let value?): members.insert(Member(key: key, value: value), at: index)
            case (false, nil): break
            }
        }
    }

    private func has(_ key: String, at index: Int) -> Bool {
        index < members.count && members[index].key.utf8.elementsEqual(key.utf8)
    }

    /// Where the key is, or where it would stand.
    private func place(of key: String) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].key.utf8.lexicographicallyPrecedes(key.utf8) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
