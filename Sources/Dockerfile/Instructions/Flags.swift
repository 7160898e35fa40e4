/// The `--NAME=VALUE` words of one instruction.
struct Flags {
    enum Kind {
        /// `--NAME`, `--NAME=true` or `--NAME=false`.
        case truth
        case text
        /// As `text`, any number of times.
        case list
    }

    private var values: [String: [[UInt8]]] = [:]

    /// - Throws: when a flag is unknown, repeated, without its value or with a wrong one.
    init(_ words: [[UInt8]], allowed: KeyValuePairs<String, Kind> = [:]) throws(Complaint) {
        for word in words {
            let (nameBytes, value) = word.cut(at: .equalsSign).map { ($0.before, Optional($0.after)) } ?? (word, nil)
            let name = String(decoding: nameBytes.dropFirst(2), as: UTF8.self)
            guard let kind = allowed.first(where: { $0.key == name })?.value else {
                throw Complaint("unknown flag", nameBytes, knownWords: allowed.map { "--" + $0.key })
            }
            if values[name] != nil, kind != .list { throw Complaint("duplicate flag specified", nameBytes) }
            values[name, default: []].append(try Self.checked(value, kind, of: nameBytes))
        }
    }

    private static func checked(_ value: [UInt8]?, _ kind: Kind, of name: [UInt8]) throws(Complaint) -> [UInt8] {
        switch kind {
        case .truth:
            guard let value else { return Array("true".utf8) }
            guard !value.isEmpty else { throw Complaint("missing a value on flag", name) }
            let lowercased = value.lowercased
            guard lowercased == "true" || lowercased == "false" else {
                throw Complaint("\(String(decoding: name, as: UTF8.self)) must be true or false", value)
            }
            return lowercased
        case .text, .list:
            guard let value else { throw Complaint("missing a value on flag", name) }
            return value
        }
    }

    /// The value of a flag; an empty one counts as none.
    func text(_ name: String) -> [UInt8]? {
        guard let value = values[name]?.last, !value.isEmpty else { return nil }
        return value
    }

    func list(_ name: String) -> [[UInt8]] { values[name] ?? [] }

    func truth(_ name: String) -> Bool? { values[name]?.last.map { $0 == "true" } }

    /// One of the words that a flag allows.
    func word<Word: RawRepresentable & CaseIterable>(_ name: String) throws(Complaint) -> Word?
    where Word.RawValue == String {
        guard let value = values[name]?.last else { return nil }
        guard let word = Word(rawValue: String(decoding: value.lowercased, as: UTF8.self)) else {
            throw Complaint("unknown value of --\(name)", value, knownWords: Word.allCases.map(\.rawValue))
        }
        return word
    }
}

extension [UInt8] {
    /// A truth value as Go's `strconv.ParseBool` spells it.
    var truth: Bool? {
        switch String(decoding: self, as: UTF8.self) {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: nil
        }
    }

    /// A number without sign, in digits of that base alone.
    func number(base: Int, atMost limit: Int) -> Int? {
        guard !isEmpty, count <= 20 else { return nil }
        var value = 0
        for byte in self {
            guard byte >= 0x30, Int(byte) - 0x30 < base else { return nil }
            value = value * base + Int(byte) - 0x30
            guard value <= limit else { return nil }
        }
        return value
    }
}
