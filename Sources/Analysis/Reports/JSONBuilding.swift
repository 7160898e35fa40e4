public import OCI

extension JSON {
    /// An object of these members; those without a value are left out.
    static func members(_ pairs: KeyValuePairs<String, JSON?>) -> JSON {
        var object = JSONObject()
        for (key, value) in pairs { object[key] = value }
        return .object(object)
    }

    static func integer(_ value: Int) -> JSON { .integer(Int64(value)) }

    /// The text for people: two spaces for each level, keys in order, a line feed at the end. Equal values have equal bytes.
    public var indentedBytes: [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes, indentation: 0)
        bytes.append(0x0a)
        return bytes
    }

    private func write(into bytes: inout [UInt8], indentation: Int) {
        func line(_ level: Int) { bytes += [0x0a] + [UInt8](repeating: 0x20, count: level * 2) }
        switch self {
        case .array(let values) where !values.isEmpty:
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                line(indentation + 1)
                value.write(into: &bytes, indentation: indentation + 1)
            }
            line(indentation)
            bytes.append(UInt8(ascii: "]"))
        case .object(let object) where !object.isEmpty:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                line(indentation + 1)
                bytes += JSON.string(member.key).canonicalBytes + Array(": ".utf8)
                member.value.write(into: &bytes, indentation: indentation + 1)
            }
            line(indentation)
            bytes.append(UInt8(ascii: "}"))
        default: bytes += canonicalBytes
        }
    }
}
