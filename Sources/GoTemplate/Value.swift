/// What a template is run on: values as Go has them, as far as they show in a template's output.
public indirect enum Value: Equatable, Sendable {
    /// What is not there, such as the entry of a map without that key. Prints `<no value>`.
    case missing
    /// A pointer that leads nowhere. Prints `<nil>`.
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list(List)
    case map(Map)
    /// A struct: its fields in order. Another field than these is a mistake, where a map has merely no entry.
    case object([Field])

    public struct List: Equatable, Sendable {
        public var elements: [Value]
        /// Go's nil slice: the same in all but JSON, where it is `null`.
        public var isNull: Bool

        public init(_ elements: [Value], isNull: Bool = false) {
            self.elements = elements
            self.isNull = isNull
        }
    }

    public struct Map: Equatable, Sendable {
        /// In the order of their keys' bytes, each key once.
        public let entries: [Field]
        /// Go's nil map: the same in all but JSON, where it is `null`.
        public let isNull: Bool
        /// What `index` gives for a key that is not there.
        public let absent: Value

        /// - Parameter entries: in any order; of several with one key the last counts.
        public init(_ entries: [Field], absent: Value = .missing, isNull: Bool = false) {
            var unique: [Field] = []
            let sorted = entries.enumerated().sorted { one, other in
                if one.element.name.utf8.elementsEqual(other.element.name.utf8) { return one.offset < other.offset }
                return one.element.name.utf8.lexicographicallyPrecedes(other.element.name.utf8)
            }
            for (_, entry) in sorted {
                if let last = unique.last, last.name.utf8.elementsEqual(entry.name.utf8) { unique.removeLast() }
                unique.append(entry)
            }
            self.entries = unique
            self.absent = absent
            self.isNull = isNull
        }

        subscript(key: String) -> Value? {
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                let name = entries[middle].name
                if name.utf8.elementsEqual(key.utf8) { return entries[middle].value }
                if name.utf8.lexicographicallyPrecedes(key.utf8) { low = middle + 1 } else { high = middle }
            }
            return nil
        }
    }

    public struct Field: Equatable, Sendable {
        public let name: String
        public let value: Value
        /// Left out of JSON where it is Go's zero value (`omitempty`).
        public let isOptional: Bool

        public init(_ name: String, _ value: Value, optional: Bool = false) {
            self.name = name
            self.value = value
            isOptional = optional
        }
    }
}

extension Value {
    public static func strings(_ texts: [String]?) -> Value {
        .list(List((texts ?? []).map { .string($0) }, isNull: texts == nil))
    }

    /// A map of texts: a key that is not there stands for the empty text.
    public static func map(_ texts: [String: String]?) -> Value {
        .map(
            Map((texts ?? [:]).map { Field($0.key, .string($0.value)) }, absent: .string(""), isNull: texts == nil))
    }

    /// A map from names to empty structs, as Go writes sets.
    public static func set(_ names: [String]?) -> Value {
        .map(Map((names ?? []).map { Field($0, .object([])) }, absent: .object([]), isNull: names == nil))
    }

    /// Whether `if` takes it: anything but zero, the empty text, an empty list or map, and what is not there.
    var isTrue: Bool {
        switch self {
        case .missing, .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let list): !list.elements.isEmpty
        case .map(let map): !map.entries.isEmpty
        case .object: true
        }
    }

    /// As Go calls the type, for messages.
    var typeName: String {
        switch self {
        case .missing, .null: "nil"
        case .bool: "bool"
        case .integer: "int"
        case .number: "float64"
        case .string: "string"
        case .list: "slice"
        case .map: "map"
        case .object: "struct"
        }
    }
}
