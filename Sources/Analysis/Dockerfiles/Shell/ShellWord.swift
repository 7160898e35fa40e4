/// A word of a shell script on its way to being an argument.
struct ShellWord {
    private var bytes: [UInt8] = []
    /// Bytes at the front that no quotes protect.
    private var plainPrefix = 0
    private(set) var text = ""
    var isQuoted = false
    /// It holds something that only the running script knows.
    private(set) var isUnknown = false

    init(unknown: Bool) { if unknown { appendUnknown() } }

    mutating func append(_ byte: UInt8, isQuoted: Bool) {
        if !isQuoted, plainPrefix == bytes.count { plainPrefix += 1 }
        bytes.append(byte)
    }

    mutating func appendUnknown() {
        bytes += ShellCommand.unknown.utf8
        isUnknown = true
    }

    mutating func finish() { text = String(decoding: bytes, as: UTF8.self) }

    var isNumber: Bool {
        !bytes.isEmpty && !isQuoted && plainPrefix == bytes.count && bytes.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `NAME=VALUE`, the name and the sign unquoted.
    var isAssignment: Bool {
        guard let sign = bytes.prefix(plainPrefix).firstIndex(of: UInt8(ascii: "=")), sign > 0 else { return false }
        var name = bytes[..<sign]
        if name.last == UInt8(ascii: "+") { name.removeLast() }
        guard let first = name.first, !(0x30...0x39).contains(first) else { return false }
        return name.allSatisfy {
            $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
        }
    }

    var endsWithEqualsSign: Bool { bytes.last == UInt8(ascii: "=") }

    /// The command that the words are; nil where its name is only known when it runs. `command`, `exec` and the like stand
    /// for the command after them.
    static func command(of words: [ShellWord]) -> ShellCommand? {
        guard let first = words.first, !first.isUnknown, !first.text.isEmpty else { return nil }
        let arguments = words.dropFirst()
        var name = first.text
        if ["command", "builtin", "exec", "busybox"].contains(name), let next = arguments.first, !next.isUnknown,
            !next.text.hasPrefix("-")
        {
            name = next.text
        }
        return ShellCommand(name: name, arguments: arguments.map(\.text))
    }
}
