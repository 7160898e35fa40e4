internal import Dockerfile

/// Lines of an image's history, in the words of BuildKit.
enum History {
    static func text(of expansion: Expansion, _ instruction: Instruction) -> String {
        func pairs(_ pairs: [KeyValue]) -> String {
            pairs.map { "\(displayed($0.key))=\(displayed($0.value))" }.joined(separator: " ")
        }
        func words(_ command: Command) -> String {
            command.isShellForm
                ? displayed(Array(command.words.joined(separator: [0x20])))
                : "[" + command.words.map { "\"\(displayed($0))\"" }.joined(separator: " ") + "]"
        }
        let keyword = instruction.keyword.uppercased()
        switch expansion.content {
        case .env(let list), .label(let list): return "\(keyword) \(pairs(list))"
        case .cmd(let command), .entrypoint(let command): return "\(keyword) \(words(command))"
        case .expose(let ports): return "\(keyword) \(ports.map(displayed).joined(separator: " "))"
        case .volume(let paths): return "\(keyword) [\(paths.map(displayed).joined(separator: " "))]"
        case .user(let text), .stopsignal(let text), .maintainer(let text), .workdir(let text):
            return "\(keyword) \(displayed(text))"
        case .shell(let list): return "\(keyword) [\(list.map(displayed).joined(separator: " "))]"
        default: return displayed(instruction.source)
        }
    }

    /// What build arguments are when a command runs, each name once, in the order in which they were declared first.
    static func arguments(_ scope: Scope) -> [String] {
        var last: [[UInt8]: [UInt8]] = [:]
        var names: [[UInt8]] = []
        for argument in scope.arguments where last.updateValue(argument.value ?? [], forKey: argument.name) == nil {
            names.append(argument.name)
        }
        return names.map { "\(displayed($0))=\(displayed(scope.variables[$0] ?? last[$0] ?? []))" }
    }

    /// - Parameter arguments: the build arguments that the command sees.
    static func run(_ arguments: [String], _ command: [[UInt8]]) -> String {
        let prefix = arguments.isEmpty ? "" : "|\(arguments.count) \(arguments.joined(separator: " ")) "
        return "RUN \(prefix)\(displayed(Array(command.joined(separator: [0x20]))))"
    }
}
