/// Names in archives, which anybody may have written.
enum LayerName {
    /// The path from the root without `.` and doubled slashes; empty for the root itself.
    ///
    /// - Throws: ``LayerError`` for names that are absolute, lead upwards or are longer than any file system has.
    static func normalized(_ stored: [UInt8], _ verb: String) throws(LayerError) -> [UInt8] {
        func refuse(_ cause: String) -> LayerError { LayerError(.refused, verb, Array(stored.prefix(200)), cause) }
        guard !stored.isEmpty else { throw refuse("an entry without a name") }
        guard stored.first != UInt8(ascii: "/") else { throw refuse("the name is absolute") }
        guard stored.count < 4096 else { throw refuse("the name is longer than 4095 bytes") }
        var components: [ArraySlice<UInt8>] = []
        for component in stored.split(separator: UInt8(ascii: "/")) where component != [0x2e] {
            guard component != [0x2e, 0x2e] else { throw refuse("the name leads upwards") }
            // A whiteout of the longest name is longer than that.
            guard component.count <= (component.starts(with: WhiteoutName.prefix) ? 259 : 255) else {
                throw refuse("a part of the name is longer than 255 bytes")
            }
            components.append(component)
        }
        return Array(components.joined(separator: [UInt8(ascii: "/")]))
    }

    static func split(_ name: [UInt8]) -> (parent: [UInt8], last: [UInt8]) {
        guard let slash = name.lastIndex(of: UInt8(ascii: "/")) else { return ([], name) }
        return (Array(name[..<slash]), Array(name[(slash + 1)...]))
    }

    /// What an entry of this name means: itself, a whiteout, or bookkeeping of AUFS.
    ///
    /// - Throws: ``LayerError`` for whiteouts of `.` and `..`, and for names beneath a whiteout.
    static func meaning(_ name: [UInt8]) throws(LayerError) -> WhiteoutName.Meaning {
        let (parent, last) = split(name)
        for component in parent.split(separator: UInt8(ascii: "/")) {
            switch WhiteoutName.meaning(of: Array(component)) {
            case .ordinary: continue
            case .ignored: return .ignored
            case .opaque, .hides: throw LayerError(.refused, "unpack", name, "beneath a whiteout")
            }
        }
        let meaning = WhiteoutName.meaning(of: last)
        if meaning == .hides([0x2e]) || meaning == .hides([0x2e, 0x2e]) || last == WhiteoutName.prefix {
            throw LayerError(.refused, "unpack", name, "a whiteout of no name")
        }
        return meaning
    }
}
