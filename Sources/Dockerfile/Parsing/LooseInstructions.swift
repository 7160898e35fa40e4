extension Dockerfile {
    /// Reads instructions that belong to no stage, such as those of `docker commit --change`.
    ///
    /// - Parameter name: what messages call the text.
    /// - Throws: the first mistake, with its line and text; `FROM` is one.
    public static func instructions(_ bytes: [UInt8], name: String) throws(DockerfileError) -> [Instruction] {
        var reader = StatementReader(bytes, file: name)
        var instructions: [Instruction] = []
        while let statement = try reader.next() {
            do throws(Complaint) {
                let parser = InstructionParser(escape: reader.escape)
                instructions.append(try parser.instruction(of: statement, try Keyword(statement.keyword)))
            } catch {
                throw DockerfileError(error, at: statement.location)
            }
        }
        return instructions
    }
}

extension Scope {
    /// The scope of instructions that belong to no stage: the escape character is the backslash, and only what the
    /// environment has is set.
    public init(environment: [[UInt8]: [UInt8]]) {
        self.init(GlobalScope(), escape: .backslash, environment: environment)
    }
}
