public import Dockerfile
import Linux
import OCI

/// The Dockerfile of a build and the ignore rules that go with it.
public struct DockerfileChoice: Sendable {
    /// As messages name it.
    public let name: String
    public let bytes: [UInt8]
    /// nil where there are no rules.
    public let ignore: IgnoreFile?

    init(name: String, bytes: [UInt8], ignore: IgnoreFile?) {
        self.name = name
        self.bytes = bytes
        self.ignore = ignore
    }

    /// Of a context: `Dockerfile` or `dockerfile` at its top, or a path in it.
    ///
    /// The rules are in `NAME.dockerignore` beside the Dockerfile, otherwise in `.dockerignore` at the top.
    ///
    /// - Throws: ``BuildError`` when there is no such file.
    public static func inside(_ context: BuildContext, path: [UInt8]? = nil) throws(BuildError) -> DockerfileChoice {
        if let bytes = context.dockerfile, path == nil {
            return DockerfileChoice(name: "Dockerfile", bytes: bytes, ignore: nil)
        }
        let candidates = path.map { [$0] } ?? ["Dockerfile", "dockerfile"].map { Array($0.utf8) }
        for candidate in candidates {
            guard let bytes = try context.tree.contents(of: candidate, atMost: BuildContext.mostDockerfile) else {
                continue
            }
            let own = candidate + Array(".dockerignore".utf8)
            let ignore =
                if let text = try context.tree.contents(of: own, atMost: BuildContext.mostDockerfile) {
                    try Self.rules(text, own)
                } else {
                    try rules(of: context)
                }
            return DockerfileChoice(name: displayed(candidate), bytes: bytes, ignore: ignore)
        }
        throw BuildError("read Dockerfile", candidates[0], Errno.noEntry)
    }

    /// A file of this machine, whether or not it is in the context (`-f PATH`).
    public static func outside(_ path: [UInt8], for context: BuildContext) throws(BuildError) -> DockerfileChoice {
        let bytes = try naming("read Dockerfile", path) { () throws(Errno) in
            try FD.workingDirectory.contents(of: path.cPath, atMost: BuildContext.mostDockerfile)
        }
        let own = path + Array(".dockerignore".utf8)
        var text: [UInt8]?
        do throws(Errno) {
            text = try FD.workingDirectory.contents(of: own.cPath, atMost: BuildContext.mostDockerfile)
        } catch {
            guard error == .noEntry else { throw BuildError("read", own, error) }
        }
        let ignore = if let text { try rules(text, own) } else { try rules(of: context) }
        return DockerfileChoice(name: displayed(path), bytes: bytes, ignore: ignore)
    }

    /// From standard input (`-f -`).
    public static func text(_ bytes: [UInt8], for context: BuildContext) throws(BuildError) -> DockerfileChoice {
        DockerfileChoice(name: "-", bytes: bytes, ignore: try rules(of: context))
    }

    /// What `.dockerignore` at the top says: also for the trees of named contexts.
    public static func rules(of context: BuildContext) throws(BuildError) -> IgnoreFile? {
        let name = Array(".dockerignore".utf8)
        guard let text = try context.tree.contents(of: name, atMost: BuildContext.mostDockerfile) else { return nil }
        return try rules(text, name)
    }

    private static func rules(_ text: [UInt8], _ name: [UInt8]) throws(BuildError) -> IgnoreFile? {
        do throws(DockerfileError) {
            let rules = try IgnoreFile.parse(text, name: displayed(name))
            return rules.isEmpty ? nil : rules
        } catch {
            throw BuildError(
                error.text.map { "\(error.message): \"\(displayed($0))\"" } ?? error.message, at: error.location)
        }
    }
}
