/// Finds the simple commands of a shell script (POSIX 2.9, with bash's additions), without running or expanding anything.
///
/// It is no judge of syntax: what no shell would accept is read as far as it goes.
struct ShellReader {
    private let bytes: [UInt8]
    private var position = 0
    private let depth: Int
    private(set) var commands: [ShellCommand] = []
    private(set) var hasPipe = false
    /// `case` commands that are open.
    private var cases = 0
    private var heredocs: [(delimiter: [UInt8], stripsTabs: Bool)] = []
    /// Substitutions within substitutions; beyond, the rest of the script is not read.
    private static let deepest = 48

    init(_ bytes: [UInt8]) { self.init(bytes, depth: 0) }

    private init(_ bytes: [UInt8], depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    mutating func readAll() { list(level: depth, until: nil) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var next: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    /// Commands up to a closing parenthesis, or the end.
    private mutating func list(level: Int, until terminator: UInt8?) {
        guard level < Self.deepest else {
            position = bytes.count
            return
        }
        while true {
            skipBlanks()
            guard let byte = current else { return }
            switch byte {
            case UInt8(ascii: "\n"): newline()
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: ";"):
                position += next == byte ? 2 : 1
                if cases > 0, position >= 2, bytes[position - 2] == byte { pattern(level) }
            case UInt8(ascii: "&"): position += 1
            case UInt8(ascii: "|"):
                if next == byte {
                    position += 2
                } else {
                    hasPipe = true
                    position += next == UInt8(ascii: "&") ? 2 : 1
                }
            case UInt8(ascii: "("):
                position += 1
                list(level: level + 1, until: UInt8(ascii: ")"))
            case UInt8(ascii: ")"):
                position += 1
                if terminator == byte { return }
            default: simpleCommand(level)
            }
        }
    }

    private mutating func skipBlanks() {
        while let byte = current {
            if byte == UInt8(ascii: "\\"), next == UInt8(ascii: "\n") {
                position += 2
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func skipComment() {
        while let byte = current, byte != UInt8(ascii: "\n") { position += 1 }
    }

    /// A line's end, and the here-documents that begin after it.
    private mutating func newline() {
        position += 1
        for heredoc in heredocs {
            while position < bytes.count {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                var line = bytes[position..<end]
                if heredoc.stripsTabs { line = line.drop { $0 == UInt8(ascii: "\t") } }
                position = min(end + 1, bytes.count)
                if line.elementsEqual(heredoc.delimiter) { break }
            }
        }
        heredocs = []
    }

    /// Passes over a pattern of `case`, up to its parenthesis, or over `esac`.
    private mutating func pattern(_ level: Int) {
        while let byte = current, Self.endsLine(byte) || byte == UInt8(ascii: "(") { position += 1 }
        if bytes[position...].starts(with: Array("esac".utf8)) { return }
        while let byte = current, byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "|") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "&")
                || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "(")
                || Self.endsLine(byte)
            {
                position += 1
            } else {
                _ = word(level)
            }
        }
        if current != nil { position += 1 }
    }

    private static func endsLine(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    // MARK: Commands

    private mutating func simpleCommand(_ level: Int) {
        let place = commands.count
        var words: [ShellWord] = []
        var isCondition = false
        loop: while true {
            skipBlanks()
            guard let byte = current else { break }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: ")"): break loop
            case UInt8(ascii: "&"):
                guard next == UInt8(ascii: ">") else { break loop }
                position += 1
            case UInt8(ascii: "("):
                // A function's definition: its body is read as any list.
                if words.count == 1, next == UInt8(ascii: ")") {
                    position += 2
                    return
                }
                break loop
            case UInt8(ascii: "#"):
                skipComment()
                break loop
            case UInt8(ascii: "<"), UInt8(ascii: ">"): redirection(level, &words)
            default:
                let word = word(level)
                if word.isNumber, current == UInt8(ascii: "<") || current == UInt8(ascii: ">") { continue }
                if words.isEmpty {
                    if word.isAssignment {
                        if word.endsWithEqualsSign, current == UInt8(ascii: "(") { skipArray(level) }
                        continue
                    }
                    if !word.isQuoted {
                        switch reserved(word.text, level) {
                        case .ordinary: break
                        case .commandFollows: continue
                        case .ends: return
                        case .condition: isCondition = true
                        }
                    }
                }
                words.append(word)
            }
        }
        guard !isCondition, let command = ShellWord.command(of: words) else { return }
        commands.insert(command, at: min(place, commands.count))
    }

    private enum Reserved { case ordinary, commandFollows, condition, ends }

    private mutating func reserved(_ word: String, _ level: Int) -> Reserved {
        switch word {
        case "if", "then", "else", "elif", "while", "until", "do", "!", "time", "{", "}", "fi", "done":
            return .commandFollows
        case "esac":
            cases = max(0, cases - 1)
            return .commandFollows
        case "for", "select":
            while let byte = current, byte != UInt8(ascii: ";"), byte != UInt8(ascii: "\n") {
                skipBlanks()
                guard let byte = current, byte != UInt8(ascii: ";"), byte != UInt8(ascii: "\n") else { break }
                if Self.endsWord(byte) { position += 1 } else { _ = self.word(level) }
            }
            return .ends
        case "case":
            skipBlanks()
            _ = self.word(level)
            while let byte = current, Self.endsLine(byte) { position += 1 }
            if bytes[position...].starts(with: Array("in".utf8)) { position += 2 }
            cases += 1
            pattern(level)
            return .ends
        case "function":
            skipBlanks()
            _ = self.word(level)
            return .ends
        case "[", "[[": return .condition
        default: return .ordinary
        }
    }

    private mutating func skipArray(_ level: Int) {
        position += 1
        while let byte = current, byte != UInt8(ascii: ")") {
            if Self.endsWord(byte) { position += 1 } else { _ = word(level) }
        }
        if current != nil { position += 1 }
    }

    private mutating func redirection(_ level: Int, _ words: inout [ShellWord]) {
        guard let first = current else { return }
        if next == UInt8(ascii: "(") {
            position += 2
            list(level: level + 1, until: UInt8(ascii: ")"))
            words.append(ShellWord(unknown: true))
            return
        }
        let isHeredoc = first == UInt8(ascii: "<") && next == first
        position += 1
        if isHeredoc {
            position += 1
            if current == first {
                // A here-string.
                position += 1
                skipBlanks()
                _ = word(level)
                return
            }
            let stripsTabs = current == UInt8(ascii: "-")
            if stripsTabs { position += 1 }
            skipBlanks()
            heredocs.append((Array(word(level).text.utf8), stripsTabs))
            return
        }
        while let byte = current, byte == UInt8(ascii: ">") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "|") {
            position += 1
        }
        skipBlanks()
        if let byte = current, !Self.endsWord(byte) { _ = word(level) }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: ";"),
            UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"),
            UInt8(ascii: ">"):
            true
        default: false
        }
    }

    // MARK: Words

    /// A word at the current place, which does not end one. At least one byte is read.
    private mutating func word(_ level: Int) -> ShellWord {
        var word = ShellWord(unknown: false)
        let start = position
        while let byte = current, !Self.endsWord(byte) {
            switch byte {
            case UInt8(ascii: "\\"):
                position += 1
                if let escaped = current {
                    position += 1
                    if escaped != UInt8(ascii: "\n") { word.append(escaped, isQuoted: true) }
                }
            case UInt8(ascii: "'"):
                position += 1
                word.isQuoted = true
                while let quoted = current, quoted != byte {
                    word.append(quoted, isQuoted: true)
                    position += 1
                }
                if current != nil { position += 1 }
            case UInt8(ascii: "\""): quoted(level, &word)
            case UInt8(ascii: "$"): dollar(level, &word)
            case UInt8(ascii: "`"): backquote(level, &word)
            default:
                word.append(byte, isQuoted: false)
                position += 1
            }
        }
        if position == start, current != nil { position += 1 }
        word.finish()
        return word
    }

    private mutating func quoted(_ level: Int, _ word: inout ShellWord) {
        position += 1
        word.isQuoted = true
        while let byte = current, byte != UInt8(ascii: "\"") {
            switch byte {
            case UInt8(ascii: "\\"):
                if let escaped = next, "\"\\$`".utf8.contains(escaped) {
                    word.append(escaped, isQuoted: true)
                    position += 2
                } else if next == UInt8(ascii: "\n") {
                    position += 2
                } else {
                    word.append(byte, isQuoted: true)
                    position += 1
                }
            case UInt8(ascii: "$"): dollar(level, &word)
            case UInt8(ascii: "`"): backquote(level, &word)
            default:
                word.append(byte, isQuoted: true)
                position += 1
            }
        }
        if current != nil { position += 1 }
    }

    /// `$NAME`, `${…}`, `$(…)`, `$((…))`, or a dollar that means nothing.
    private mutating func dollar(_ level: Int, _ word: inout ShellWord) {
        position += 1
        switch current {
        case UInt8(ascii: "("):
            word.appendUnknown()
            position += 1
            // An arithmetic expression reads as a list in a subshell: what looks like commands there is none.
            let count = commands.count
            let isArithmetic = current == UInt8(ascii: "(")
            list(level: level + 1, until: UInt8(ascii: ")"))
            if isArithmetic { commands.removeLast(max(0, commands.count - count)) }
        case UInt8(ascii: "{"):
            word.appendUnknown()
            position += 1
            braces(level)
        case let byte?
        where byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20):
            word.appendUnknown()
            position += 1
            guard !(0x30...0x39).contains(byte) else { return }
            while let byte = current,
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
            {
                position += 1
            }
        case let byte? where "@*#?-$!".utf8.contains(byte):
            word.appendUnknown()
            position += 1
        default: word.append(UInt8(ascii: "$"), isQuoted: false)
        }
    }

    /// The rest of `${…}`, with the commands in it.
    private mutating func braces(_ level: Int) {
        guard level < Self.deepest else {
            position = bytes.count
            return
        }
        var inner = ShellWord(unknown: false)
        while let byte = current, byte != UInt8(ascii: "}") {
            switch byte {
            case UInt8(ascii: "\\"): position = min(position + 2, bytes.count)
            case UInt8(ascii: "\""): quoted(level + 1, &inner)
            case UInt8(ascii: "$"): dollar(level + 1, &inner)
            case UInt8(ascii: "`"): backquote(level + 1, &inner)
            default: position += 1
            }
        }
        if current != nil { position += 1 }
    }

    private mutating func backquote(_ level: Int, _ word: inout ShellWord) {
        position += 1
        word.appendUnknown()
        var script: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "`") {
            if byte == UInt8(ascii: "\\"), let escaped = next, "`\\$".utf8.contains(escaped) {
                script.append(escaped)
                position += 2
            } else {
                script.append(byte)
                position += 1
            }
        }
        if current != nil { position += 1 }
        var inner = ShellReader(script, depth: level + 1)
        inner.readAll()
        commands += inner.commands
        hasPipe = hasPipe || inner.hasPipe
    }
}
