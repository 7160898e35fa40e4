@testable import Dockerfile

/// Shorthand of these tests: files as text, bytes as text.
func read(_ text: String) throws -> Dockerfile { try Dockerfile.parse(Array(text.utf8), name: "Dockerfile") }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func texts(_ list: [[UInt8]]) -> [String] { list.map { text($0) } }

/// What an instruction says, behind a `FROM` of its own.
func content(_ text: String) throws -> Instruction.Content? {
    try read("FROM scratch\n" + text).stages.first?.instructions.first?.content
}

/// What is wrong with an instruction behind a `FROM` of its own.
func mistake(_ text: String) -> String? {
    do throws(DockerfileError) {
        _ = try Dockerfile.parse(Array(("FROM scratch\n" + text).utf8), name: "Dockerfile")
        return nil
    } catch {
        return error.description
    }
}

let linux = BuildPlatform(os: "linux", architecture: "amd64")

func globalScope(_ file: Dockerfile, _ arguments: [String: String] = [:]) throws -> GlobalScope {
    var bytes: [[UInt8]: [UInt8]] = [:]
    for (name, value) in arguments { bytes[Array(name.utf8)] = Array(value.utf8) }
    return try GlobalScope(file, buildArguments: bytes, build: linux, target: linux)
}

/// The instructions of the last stage, expanded one after another on an image with `PATH`.
func expanded(_ text: String, _ arguments: [String: String] = [:]) throws -> [Expansion] {
    let file = try read(text)
    var scope = Scope(
        try globalScope(file, arguments), escape: file.directives.escape,
        environment: [Array("PATH".utf8): Array("/bin".utf8)])
    var expansions: [Expansion] = []
    for instruction in file.stages.last?.instructions ?? [] { expansions.append(try scope.expand(instruction)) }
    return expansions
}
