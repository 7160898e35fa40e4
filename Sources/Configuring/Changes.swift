internal import Dockerfile
internal import OCI

extension ConfigEditor {
    /// Applies what `--change` was given, in order: instructions of a Dockerfile that say how an image runs. Variables
    /// stand for what the configuration's environment has, earlier changes included.
    ///
    /// - Parameter changes: each one instruction, or several on lines of their own.
    /// - Throws: ``ConfigurationError``: what is wrong with one of them, or that it is no change of a configuration
    ///   (`ADD`, `ARG`, `COPY`, `FROM`, `MAINTAINER`, `RUN`); then nothing is changed.
    public mutating func apply(changes: [[UInt8]]) throws(ConfigurationError) {
        var changed = self
        var scope = Scope(environment: config.execution.variables)
        for change in changes {
            for instruction in try Self.instructions(change) {
                guard Self.isChange(instruction.content) else {
                    throw ConfigurationError(
                        "apply --change: \(instruction.keyword.uppercased()) does not say how an image runs")
                }
                try changed.apply(try Self.expand(instruction, &scope))
            }
        }
        self = changed
    }

    private static func instructions(_ change: [UInt8]) throws(ConfigurationError) -> [Instruction] {
        do throws(DockerfileError) { return try Dockerfile.instructions(change, name: "--change") } catch {
            throw ConfigurationError(error)
        }
    }

    private static func expand(_ instruction: Instruction, _ scope: inout Scope) throws(ConfigurationError) -> Expansion
    {
        do throws(DockerfileError) { return try scope.expand(instruction) } catch { throw ConfigurationError(error) }
    }

    private static func isChange(_ content: Instruction.Content) -> Bool {
        switch content {
        case .add, .arg, .copy, .maintainer, .run: false
        default: true
        }
    }
}
