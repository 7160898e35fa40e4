/// A template at work (Go's text/template, exec.go).
struct Execution {
    private(set) var output = ""
    private var variables: [(name: String, value: Value)]
    private var budget = Budget()

    enum Flow { case onwards, leave, next }

    /// What one run may cost.
    struct Budget {
        private var steps = 2_000_000
        private var bytes = 64 << 20

        mutating func step(_ source: String) throws(TemplateError) {
            steps -= 1
            if steps < 0 { throw TemplateError(running: source, "it takes more than two million steps") }
        }

        /// - Parameter count: bytes that are about to be made.
        mutating func spend(_ count: Int, _ source: String) throws(TemplateError) {
            let (rest, overflow) = bytes.subtractingReportingOverflow(count)
            guard !overflow, rest >= 0 else { throw TemplateError(running: source, "it makes more than 64 MiB") }
            bytes = rest
        }
    }

    init(dot: Value) { variables = [("", dot)] }

    mutating func walk(_ nodes: [Node], dot: Value) throws(TemplateError) -> Flow {
        for node in nodes {
            switch node {
            case .text(let text): try write(text, "")
            case .action(let pipeline):
                let value = try evaluate(pipeline, dot)
                if pipeline.variables.isEmpty {
                    try budget.spend(value.weight, pipeline.source)
                    try write(value.printed, pipeline.source)
                }
            case .condition(let branches, let otherwise):
                let flow = try choose(branches, otherwise, dot) { _ in dot }
                if flow != .onwards { return flow }
            case .with(let branches, let otherwise):
                let flow = try choose(branches, otherwise, dot) { $0 }
                if flow != .onwards { return flow }
            case .range(let pipeline, let body, let otherwise):
                let flow = try range(pipeline, body, otherwise, dot)
                if flow != .onwards { return flow }
            case .leave: return .leave
            case .next: return .next
            }
        }
        return .onwards
    }

    private mutating func write(_ text: String, _ source: String) throws(TemplateError) {
        try budget.step(source)
        try budget.spend(text.utf8.count, source)
        output += text
    }

    /// - Parameter inside: what the dot is in a branch whose test has a value.
    private mutating func choose(
        _ branches: [(test: Pipeline, body: [Node])], _ otherwise: [Node], _ dot: Value, inside: (Value) -> Value
    ) throws(TemplateError) -> Flow {
        let seen = variables.count
        defer { variables.removeLast(variables.count - seen) }
        for (test, body) in branches {
            let value = try evaluate(test, dot)
            if value.isTrue { return try walk(body, dot: inside(value)) }
        }
        return try walk(otherwise, dot: dot)
    }

    private mutating func range(
        _ pipeline: Pipeline, _ body: [Node], _ otherwise: [Node], _ dot: Value
    ) throws(TemplateError) -> Flow {
        let seen = variables.count
        defer { variables.removeLast(variables.count - seen) }
        let value = try evaluate(pipeline, dot)
        let pairs: [(key: Value, element: Value)]
        switch value {
        case .list(let list): pairs = list.elements.enumerated().map { (.integer(Int64($0.offset)), $0.element) }
        case .map(let map): pairs = map.entries.map { (.string($0.name), $0.value) }
        case .missing: pairs = []
        default: throw TemplateError(running: pipeline.source, "range can't iterate over \(value.typeName)")
        }
        guard !pairs.isEmpty else { return try walk(otherwise, dot: dot) }
        let inner = variables.count
        for (key, element) in pairs {
            try budget.step(pipeline.source)
            set(pipeline, key, element)
            let flow = try walk(body, dot: element)
            variables.removeLast(variables.count - inner)
            if flow == .leave { break }
        }
        return .onwards
    }

    /// The variables of a `range` for one turn.
    private mutating func set(_ pipeline: Pipeline, _ key: Value, _ element: Value) {
        let values = pipeline.variables.count == 2 ? [key, element] : [element]
        for (name, value) in zip(pipeline.variables, values) { set(name, to: value, assigns: pipeline.assigns) }
    }

    private mutating func set(_ name: String, to value: Value, assigns: Bool) {
        if assigns, let index = variables.lastIndex(where: { $0.name == name }) {
            variables[index].value = value
        } else {
            variables.append((name, value))
        }
    }

    private mutating func evaluate(_ pipeline: Pipeline, _ dot: Value) throws(TemplateError) -> Value {
        var value: Value?
        for command in pipeline.commands { value = try evaluate(command, dot, last: value) }
        let result = value ?? .missing
        for name in pipeline.variables { set(name, to: result, assigns: pipeline.assigns) }
        return result
    }

    /// - Parameter last: what the command before in the pipeline gave.
    private mutating func evaluate(
        _ command: [Operand], _ dot: Value, last: Value?
    ) throws(TemplateError) -> Value {
        guard let first = command.first else { return .missing }
        try budget.step(first.source)
        guard case .function(let name) = first.root, first.fields.isEmpty else {
            guard command.count == 1, last == nil else {
                throw TemplateError(running: first.source, "it is no function, and takes no arguments")
            }
            if case .nil = first.root { throw TemplateError(running: first.source, "nil is not a command") }
            return try evaluate(first, dot)
        }
        if name == "and" || name == "or" { return try shortCircuit(name == "or", command, dot, last) }
        var arguments: [Value] = []
        for operand in command.dropFirst() { arguments.append(try evaluate(operand, dot)) }
        if let last { arguments.append(last) }
        return try call(name, arguments, first.source)
    }

    /// The first argument that decides, or the last.
    private mutating func shortCircuit(
        _ decides: Bool, _ command: [Operand], _ dot: Value, _ last: Value?
    ) throws(TemplateError) -> Value {
        var value: Value?
        for operand in command.dropFirst() {
            let result = try evaluate(operand, dot)
            if result.isTrue == decides { return result }
            value = result
        }
        guard let result = last ?? value else {
            throw TemplateError(running: command[0].source, "wrong number of arguments: at least 1 is wanted, got 0")
        }
        return result
    }

    private mutating func call(_ name: String, _ arguments: [Value], _ source: String) throws(TemplateError) -> Value {
        do throws(Functions.Complaint) {
            // What they make is bounded by what they are given.
            var cost = 0
            for argument in arguments {
                let (sum, overflow) = cost.addingReportingOverflow(argument.weight)
                guard !overflow else { throw Functions.Complaint("too much") }
                cost = sum
            }
            return try Functions.call(name, arguments, cost: cost) { (count) throws(Functions.Complaint) in
                do throws(TemplateError) { try budget.spend(count, source) } catch {
                    throw Functions.Complaint("it makes more than 64 MiB")
                }
            }
        } catch {
            throw TemplateError(running: source, error.cause)
        }
    }

    private mutating func evaluate(_ operand: Operand, _ dot: Value) throws(TemplateError) -> Value {
        var value: Value
        switch operand.root {
        case .dot: value = dot
        case .nil: return .missing
        case .constant(let constant): return constant
        case .variable(let name): value = variables.last { $0.name == name }?.value ?? .missing
        case .function(let name):
            value = try call(name, [], operand.source)
        case .pipeline(let pipeline):
            let seen = variables.count
            value = try evaluate(pipeline, dot)
            variables.removeLast(variables.count - seen)
        }
        for name in operand.fields { value = try field(name, of: value, operand.source) }
        return value
    }

    private func field(_ name: String, of value: Value, _ source: String) throws(TemplateError) -> Value {
        switch value {
        case .missing: return .missing
        case .map(let map): return map[name] ?? .missing
        case .object(let fields):
            if let field = fields.first(where: { $0.name == name }) { return field.value }
            throw TemplateError(running: source, "there is no field \(quoted(name))")
        case .null: throw TemplateError(running: source, "nil has no field \(quoted(name))")
        default: throw TemplateError(running: source, "\(value.typeName) has no field \(quoted(name))")
        }
    }
}

extension Pipeline {
    var source: String { commands.last?.first?.source ?? "" }
}

extension Value {
    /// About how many bytes it is printed with.
    var weight: Int {
        switch self {
        case .missing, .null, .bool, .integer, .number: 16
        case .string(let text): text.utf8.count &+ 2
        case .list(let list): list.elements.reduce(16) { $0 &+ $1.weight }
        case .map(let map): map.entries.reduce(16) { $0 &+ $1.name.utf8.count &+ $1.value.weight }
        case .object(let fields): fields.reduce(16) { $0 &+ $1.name.utf8.count &+ $1.value.weight }
        }
    }
}
