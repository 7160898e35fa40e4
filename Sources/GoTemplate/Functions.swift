/// The functions that a template can call: Go's, as far as they make sense here, and docker's.
enum Functions {
    /// What is wrong with a call.
    struct Complaint: Error {
        let cause: String
        init(_ cause: String) { self.cause = cause }
    }

    static let names: Set<String> = [
        "and", "eq", "ge", "gt", "index", "join", "json", "le", "len", "lower", "lt", "ne", "not", "or", "pad", "print",
        "printf", "println", "slice", "split", "title", "truncate", "upper",
    ]

    /// - Parameters:
    ///   - cost: about how many bytes the arguments are.
    ///   - spend: called before so many bytes are made.
    static func call(
        _ name: String, _ arguments: [Value], cost: Int, spend: (Int) throws(Complaint) -> Void
    ) throws(Complaint) -> Value {
        switch name {
        case "not": return .bool(!(try one(arguments).isTrue))
        case "eq": return .bool(try Comparison.anyEqual(arguments))
        case "ne": return .bool(!(try Comparison.anyEqual(try exactly(2, arguments))))
        case "lt", "le", "gt", "ge":
            let order = try Comparison.order(try exactly(2, arguments))
            return .bool(name == "lt" ? order < 0 : name == "le" ? order <= 0 : name == "gt" ? order > 0 : order >= 0)
        case "len": return .integer(Int64(try length(try one(arguments))))
        case "index": return try index(arguments)
        case "slice": return try slice(arguments)
        case "print", "println", "printf":
            try spend(cost)
            let text =
                name == "printf"
                ? try Formatting.format(arguments, spend) : Formatting.joined(arguments, isLine: name == "println")
            return .string(text)
        case "json":
            // Escapes are six times as long as what they stand for.
            try spend(cost &* 6)
            return .string(try one(arguments).json())
        case "lower", "upper", "title":
            try spend(cost &* 3)
            let text = try text(try one(arguments))
            return .string(name == "lower" ? text.lowercased() : name == "upper" ? text.uppercased() : titled(text))
        case "join": return .string(try join(try exactly(2, arguments), spend))
        case "split": return try split(try exactly(2, arguments), spend)
        case "pad": return .string(try pad(try exactly(3, arguments), spend))
        case "truncate": return .string(try truncate(try exactly(2, arguments)))
        default: throw Complaint("it is no function")
        }
    }

    private static func exactly(_ count: Int, _ arguments: [Value]) throws(Complaint) -> [Value] {
        guard arguments.count == count else {
            throw Complaint("wrong number of arguments: want \(count), got \(arguments.count)")
        }
        return arguments
    }

    private static func one(_ arguments: [Value]) throws(Complaint) -> Value { try exactly(1, arguments)[0] }

    private static func text(_ value: Value) throws(Complaint) -> String {
        guard case .string(let text) = value else { throw Complaint("a string is wanted, not \(value.typeName)") }
        return text
    }

    private static func number(_ value: Value) throws(Complaint) -> Int {
        guard case .integer(let number) = value else { throw Complaint("an int is wanted, not \(value.typeName)") }
        return Int(number)
    }

    private static func length(_ value: Value) throws(Complaint) -> Int {
        switch value {
        case .string(let text): return text.utf8.count
        case .list(let list): return list.elements.count
        case .map(let map): return map.entries.count
        default: throw Complaint("len of type \(value.typeName)")
        }
    }

    /// `index x 1 "a"` is `x[1]["a"]`.
    private static func index(_ arguments: [Value]) throws(Complaint) -> Value {
        guard var value = arguments.first else { throw Complaint("wrong number of arguments: want at least 1, got 0") }
        for place in arguments.dropFirst() {
            switch value {
            case .map(let map): value = map[try text(place)] ?? map.absent
            case .list(let list):
                let place = try number(place)
                guard list.elements.indices.contains(place) else { throw Complaint("index out of range: \(place)") }
                value = list.elements[place]
            case .string(let text):
                let place = try number(place)
                guard place >= 0, place < text.utf8.count else { throw Complaint("index out of range: \(place)") }
                value = .integer(Int64(text.utf8[text.utf8.index(text.startIndex, offsetBy: place)]))
            case .missing, .null: throw Complaint("index of untyped nil")
            default: throw Complaint("can't index item of type \(value.typeName)")
            }
        }
        return value
    }

    private static func slice(_ arguments: [Value]) throws(Complaint) -> Value {
        guard let value = arguments.first, arguments.count <= 3 else {
            throw Complaint("wrong number of arguments: want 1 to 3, got \(arguments.count)")
        }
        let count: Int
        switch value {
        case .list, .string: count = try length(value)
        default: throw Complaint("can't slice item of type \(value.typeName)")
        }
        let start = arguments.count > 1 ? try number(arguments[1]) : 0
        let end = arguments.count > 2 ? try number(arguments[2]) : count
        guard start >= 0, start <= end, end <= count else { throw Complaint("slice out of range: \(start) to \(end)") }
        if case .list(let list) = value { return .list(Value.List(Array(list.elements[start..<end]))) }
        return .string(decoded(try text(value).utf8.dropFirst(start).prefix(end - start)))
    }

    private static func join(_ arguments: [Value], _ spend: (Int) throws(Complaint) -> Void) throws(Complaint) -> String
    {
        guard case .list(let list) = arguments[0] else {
            throw Complaint("a slice is wanted, not \(arguments[0].typeName)")
        }
        let separator = try text(arguments[1])
        try spend(arguments[0].weight)
        let (bytes, overflow) = separator.utf8.count.multipliedReportingOverflow(by: list.elements.count)
        try spend(overflow ? .max : bytes)
        return list.elements.map(\.printed).joined(separator: separator)
    }

    /// As Go's strings.Split: an empty separator gives the characters.
    private static func split(_ arguments: [Value], _ spend: (Int) throws(Complaint) -> Void) throws(Complaint) -> Value
    {
        let text = Array(try text(arguments[0]).utf8)
        let separator = Array(try self.text(arguments[1]).utf8)
        // An element takes this much at least.
        let each = 64
        var parts: [Value] = []
        guard !separator.isEmpty else {
            try spend(text.count &* each)
            return .list(Value.List(decoded(text).unicodeScalars.map { .string(String($0)) }))
        }
        var start = 0
        var place = 0
        while place + separator.count <= text.count {
            if text[place] == separator[0], text[place..<(place + separator.count)].elementsEqual(separator) {
                try spend(each + place - start)
                parts.append(.string(decoded(text[start..<place])))
                place += separator.count
                start = place
            } else {
                place += 1
            }
        }
        try spend(each + text.count - start)
        parts.append(.string(decoded(text[start...])))
        return .list(Value.List(parts))
    }

    private static func pad(_ arguments: [Value], _ spend: (Int) throws(Complaint) -> Void) throws(Complaint) -> String
    {
        let text = try text(arguments[0])
        if text.isEmpty { return text }
        let before = try number(arguments[1])
        let after = try number(arguments[2])
        guard before >= 0, after >= 0 else { throw Complaint("a padding is negative") }
        for count in [before, after, text.utf8.count] { try spend(count) }
        return String(repeating: " ", count: before) + text + String(repeating: " ", count: after)
    }

    private static func truncate(_ arguments: [Value]) throws(Complaint) -> String {
        let text = try text(arguments[0])
        let count = try number(arguments[1])
        guard count >= 0 else { throw Complaint("a length is negative") }
        return text.utf8.count < count ? text : decoded(text.utf8.prefix(count))
    }

    /// As Go's strings.Title: the first letter of each word is a capital.
    private static func titled(_ text: String) -> String {
        var result = ""
        var isInside = false
        for scalar in text.unicodeScalars {
            let isWord =
                scalar.value < 0x80
                ? scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                : !scalar.properties.isWhitespace
            result += isWord && !isInside ? scalar.properties.titlecaseMapping : String(scalar)
            isInside = isWord
        }
        return result
    }
}
