/// A template in the language of Go's text/template, as far as docker's `--format` needs it: fields, variables, pipelines, `if`,
/// `with`, `range`, comparisons, `printf`, and docker's `json`, `join`, `split`, `lower`, `upper`, `title`, `pad` and `truncate`.
/// Named templates (`define`, `template`, `block`) are not known.
///
/// Templates and values may be hostile: nesting is bounded when a template is read, work and output when it is run.
public struct Template: Sendable {
    private let nodes: [Node]

    /// - Throws: ``TemplateError``: the first mistake.
    public init(_ text: String) throws(TemplateError) { nodes = try Parser.parse(text) }

    /// What the template makes of a value.
    ///
    /// - Throws: ``TemplateError`` for a field that a struct does not have, an argument that a function does not take, and
    ///   when it is more than 64 MiB.
    public func render(_ value: Value) throws(TemplateError) -> String {
        var execution = Execution(dot: value)
        _ = try execution.walk(nodes, dot: value)
        return execution.output
    }
}
