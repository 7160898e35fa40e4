/// A Dockerfile, read: the language of BuildKit's current frontend.
///
/// Reading needs nothing but the bytes. What variables stand for is decided later, by a ``GlobalScope`` for the lines
/// before and of `FROM`, and by a ``Scope`` for the instructions of each stage.
public struct Dockerfile: Sendable {
    /// The name of the file, for messages.
    public let name: String
    public let directives: ParserDirectives
    /// The `ARG` instructions before the first `FROM`.
    public let globalArguments: [Instruction]
    /// In the order of the file; never empty.
    public let stages: [Stage]
    /// Where continuation lines are empty.
    let emptyContinuations: [SourceLocation]
    /// The stages of each name, in the order of the file.
    let stagesByName: [String: [Int]]

    /// - Throws: the first mistake in the file, with its line and text.
    public static func parse(_ bytes: [UInt8], name: String) throws(DockerfileError) -> Dockerfile {
        var reader = StatementReader(bytes, file: name)
        var arguments: [Instruction] = []
        var stages: [Stage] = []
        var stagesByName: [String: [Int]] = [:]
        var emptyContinuations: [SourceLocation] = []
        var hasStatements = false
        while let statement = try reader.next() {
            hasStatements = true
            if let line = statement.emptyContinuation {
                emptyContinuations.append(SourceLocation(file: name, firstLine: line, lastLine: line))
            }
            do throws(Complaint) {
                let keyword = try Keyword(statement.keyword)
                if keyword == .from {
                    let stage = try Stage(statement)
                    if let name = stage.name { stagesByName[name, default: []].append(stages.count) }
                    stages.append(stage)
                    continue
                }
                let parser = InstructionParser(escape: reader.escape)
                let instruction = try parser.instruction(of: statement, keyword)
                if !stages.isEmpty {
                    stages[stages.count - 1].instructions.append(instruction)
                } else if keyword == .arg {
                    arguments.append(instruction)
                } else {
                    throw Complaint("no build stage in current context, FROM must come first", statement.keyword)
                }
            } catch {
                throw DockerfileError(error, at: statement.location)
            }
        }
        guard !stages.isEmpty else {
            let reason =
                bytes.isEmpty ? "the file is empty" : hasStatements ? "no stages to build" : "file with no instructions"
            throw DockerfileError(
                Complaint(reason), at: SourceLocation(file: name, firstLine: 1, lastLine: 1))
        }
        var directives = ParserDirectives(of: bytes)
        directives.escape = reader.escape
        return Dockerfile(
            name: name, directives: directives, globalArguments: arguments, stages: stages,
            emptyContinuations: emptyContinuations, stagesByName: stagesByName)
    }

    /// Reads an `ONBUILD` trigger from an image's configuration.
    ///
    /// - Parameters:
    ///   - expression: the trigger.
    ///   - location: of the `FROM` that builds on the image, for messages.
    public static func trigger(
        _ expression: [UInt8], at location: SourceLocation
    ) throws(DockerfileError) -> Instruction {
        var reader = StatementReader(expression, file: location.file)
        let statement = try reader.next()
        let another = try reader.next()
        do throws(Complaint) {
            guard var statement, another == nil else {
                throw Complaint("an ONBUILD trigger should be a single instruction", expression)
            }
            statement.location = location
            let keyword = try Keyword(statement.keyword)
            return try InstructionParser(escape: reader.escape).instruction(of: statement, keyword)
        } catch {
            throw DockerfileError(error, at: location)
        }
    }
}
