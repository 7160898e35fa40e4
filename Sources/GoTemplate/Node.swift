/// A part of a template.
indirect enum Node: Sendable {
    case text(String)
    case action(Pipeline)
    /// The branches of `if` with their `else if`, and what `else` gives.
    case condition([(test: Pipeline, body: [Node])], otherwise: [Node])
    case with([(test: Pipeline, body: [Node])], otherwise: [Node])
    case range(Pipeline, body: [Node], otherwise: [Node])
    case leave, next
}

/// Commands, each of which gets what the one before gives as its last argument.
struct Pipeline: Sendable {
    /// Names of variables that are set: one, or two in `range`.
    var variables: [String] = []
    /// `=` rather than `:=`.
    var assigns = false
    var commands: [[Operand]] = []
}

/// A value in a command, with the fields that are asked of it.
struct Operand: Sendable {
    indirect enum Root: Sendable {
        case dot
        case variable(String)
        case function(String)
        case pipeline(Pipeline)
        case constant(Value)
        case `nil`
    }

    var root: Root
    var fields: [String] = []
    /// As it stands in the template, for messages.
    var source: String
}
