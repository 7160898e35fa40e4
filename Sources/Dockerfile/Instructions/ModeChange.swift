/// What `--chmod` does to a file's mode: octal digits replace it, symbols change it (chmod(1)).
public struct ModeChange: Sendable, Equatable {
    private enum Action: Equatable {
        case clear(UInt32)
        case add(UInt32)
        /// For directories, and for files somebody may already execute.
        case addExecute(UInt32)
        /// The bits of the class at a shift, to the classes at others; only bits of the mask change.
        case copy(from: UInt32, to: [UInt32], operation: UInt8, mask: UInt32)
    }

    private var actions: [Action] = []

    private static let all: UInt32 = 0o6777

    /// - Parameters:
    ///   - text: `755`, `u=rwX,go=rX`, `+x`, …
    ///   - umask: the bits that a symbol without a class does not touch. BuildKit's is 022.
    /// - Throws: when the text is neither, or the number above 07777.
    init(_ text: [UInt8], umask: UInt32 = 0o022) throws(Complaint) {
        if let first = text.first, first.isDigit {
            guard let mode = text.number(base: 8, atMost: 0o7777) else {
                throw Complaint("invalid chmod, it should be an octal number between 0 and 07777", text)
            }
            actions = [.clear(0o7777), .add(UInt32(truncatingIfNeeded: mode))]
            return
        }
        for clause in text.split(separator: .comma, omittingEmptySubsequences: false) {
            guard let clauseActions = Self.actions(of: clause, umask: umask) else {
                throw Complaint("invalid chmod", text)
            }
            actions += clauseActions
        }
    }

    /// - Returns: nil when the clause is malformed.
    private static func actions(of clause: ArraySlice<UInt8>, umask: UInt32) -> [Action]? {
        var rest = clause
        var who: UInt32 = 0
        while let byte = rest.first, let bits = classBits(byte) {
            who |= bits
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return nil }
        var actions: [Action] = []
        while let operation = rest.popFirst() {
            guard operation == .plus || operation == .minus || operation == .equalsSign else { return nil }
            let symbols = rest.prefix { $0 != .plus && $0 != .minus && $0 != .equalsSign }
            guard let change = change(operation, symbols, who: who, umask: umask) else { return nil }
            actions += change
            rest = rest[symbols.endIndex...]
        }
        return actions
    }

    private static func classBits(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "a"): all
        case UInt8(ascii: "u"): 0o4700
        case UInt8(ascii: "g"): 0o2070
        case UInt8(ascii: "o"): 0o0007
        default: nil
        }
    }

    /// What one operator and the symbols after it do.
    private static func change(
        _ operation: UInt8, _ symbols: ArraySlice<UInt8>, who: UInt32, umask: UInt32
    ) -> [Action]? {
        let mask = who == 0 ? ~umask : who
        // Set-id and sticky bits mean nothing for others alone.
        let special: Bool = who == 0 || who & ~0o7 != 0
        var actions: [Action] = []
        var isCleared = operation != .equalsSign
        func put(_ bits: UInt32) {
            if !isCleared {
                actions.append(.clear(who == 0 ? all : who))
                isCleared = true
            }
            guard bits != 0 else { return }
            actions.append(operation == .minus ? .clear(bits) : .add(bits))
        }
        for symbol in symbols {
            switch symbol {
            case UInt8(ascii: "r"): put(mask & 0o444)
            case UInt8(ascii: "w"): put(mask & 0o222)
            case UInt8(ascii: "x"): put(mask & 0o111)
            case UInt8(ascii: "X"):
                put(0)
                if operation != .minus { actions.append(.addExecute(mask & 0o111)) }
            case UInt8(ascii: "s"): put(special ? mask & 0o6000 : 0)
            case UInt8(ascii: "t"): put(special ? 0o1000 : 0)
            case UInt8(ascii: "u"), UInt8(ascii: "g"), UInt8(ascii: "o"):
                isCleared = true
                let from: UInt32 = symbol == UInt8(ascii: "u") ? 6 : symbol == UInt8(ascii: "g") ? 3 : 0
                let targets = [UInt32(6), 3, 0].filter { who == 0 || who & (4 << $0) != 0 }
                actions.append(
                    .copy(from: from, to: targets, operation: operation, mask: who == 0 ? ~umask : .max))
            default: return nil
            }
        }
        if symbols.isEmpty { put(0) }
        return actions
    }

    /// - Parameter mode: the permission bits, set-id and sticky bits included; others stay as they are.
    public func applied(to mode: UInt32, isDirectory: Bool) -> UInt32 {
        var result = mode
        for action in actions {
            switch action {
            case .clear(let bits): result &= ~bits
            case .add(let bits): result |= bits
            case .addExecute(let bits): if isDirectory || mode & 0o111 != 0 { result |= bits }
            case .copy(let source, let targets, let operation, let mask):
                let value = result >> source & 0o7
                for target in targets {
                    if operation == .equalsSign { result &= ~(0o7 << target & mask) }
                    let bits = value << target & mask
                    result = operation == .minus ? result & ~bits : result | bits
                }
            }
        }
        return result
    }
}
