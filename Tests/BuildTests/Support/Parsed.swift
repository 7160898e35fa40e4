import Dockerfile

/// One `COPY` or `ADD`, read and expanded.
struct Parsed {
    let copying: Copying
    let mode: ModeChange?
    let isAdd: Bool
    let location: SourceLocation

    init(_ instruction: String) throws {
        let file = try Dockerfile.parse(Array("FROM scratch\n\(instruction)\n".utf8), name: "Dockerfile")
        guard let first = file.stages.first?.instructions.first else {
            throw ScriptFailure(script: instruction, output: "no instruction")
        }
        let global = try GlobalScope(file, build: linux, target: linux)
        var scope = Scope(global, escape: file.directives.escape, environment: [:])
        let expansion = try scope.expand(first)
        location = first.location
        mode = expansion.mode
        switch expansion.content {
        case .copy(let copying): (self.copying, isAdd) = (copying, false)
        case .add(let copying): (self.copying, isAdd) = (copying, true)
        default: throw ScriptFailure(script: instruction, output: "neither COPY nor ADD")
        }
    }
}
