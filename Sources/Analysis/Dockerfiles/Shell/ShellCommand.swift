/// A simple command of a shell script: a program and its arguments, quotes removed.
///
/// What is only known when the script runs (variables, the output of other commands) stands as ``unknown`` in the words.
struct ShellCommand: Equatable {
    static let unknown = "${}"

    let name: String
    let arguments: [String]
    /// The letters of `-abc` and the words of `--long[=VALUE]`, with the argument that they stand in.
    let flags: [Flag]

    struct Flag: Equatable {
        let name: String
        let argument: Int
    }

    init(name: String, arguments: [String]) {
        self.name = name
        self.arguments = arguments
        var flags: [Flag] = []
        for (index, argument) in arguments.enumerated() where argument.hasPrefix("-") {
            if argument == "-" || argument == "--" { continue }
            if argument.hasPrefix("--") {
                let name = argument.dropFirst(2).prefix { $0 != "=" }
                flags.append(Flag(name: String(name), argument: index))
            } else {
                for letter in argument.dropFirst() { flags.append(Flag(name: String(letter), argument: index)) }
            }
        }
        self.flags = flags
    }

    /// Whether any argument is one of these words.
    func has(_ words: String...) -> Bool { arguments.contains { words.contains($0) } }

    func hasFlag(_ names: String...) -> Bool { flags.contains { names.contains($0.name) } }

    /// The value of a flag: the argument after it, or what follows its equals sign.
    func value(of names: String...) -> String? {
        guard let flag = flags.first(where: { names.contains($0.name) }) else { return nil }
        if let sign = arguments[flag.argument].firstIndex(of: "=") {
            return String(arguments[flag.argument][sign...].dropFirst())
        }
        return flag.argument + 1 < arguments.count ? arguments[flag.argument + 1] : nil
    }

    /// The arguments that are no flags, nor the words after flags that take a value.
    func operands(takingValues names: Set<String> = []) -> [String] {
        var dropped = Set(flags.map(\.argument))
        for flag in flags where names.contains(flag.name) { dropped.insert(flag.argument + 1) }
        return arguments.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
    }
}

/// What the rules see of a shell script.
struct ShellScript: Equatable {
    let text: String
    /// All simple commands, those in substitutions, subshells, conditions and functions included; an outer one before
    /// those in its words.
    let commands: [ShellCommand]
    let hasPipe: Bool

    init(_ bytes: [UInt8]) {
        var reader = ShellReader(bytes)
        reader.readAll()
        text = String(decoding: bytes, as: UTF8.self)
        commands = reader.commands
        hasPipe = reader.hasPipe
    }

    func runs(_ names: String...) -> Bool { commands.contains { names.contains($0.name) } }

    /// The commands of a program that have one of these words among their arguments.
    func commands(_ name: String, with words: String...) -> [ShellCommand] {
        commands.filter { command in command.name == name && command.arguments.contains { words.contains($0) } }
    }
}
