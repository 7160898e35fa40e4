import Build
import CLinux
import Dockerfile
import Linux
import OCI

/// A Dockerfile that is parsed, and the files it may copy.
struct OpenedInputs {
    let dockerfile: Dockerfile
    let context: SourceTree
    let ignore: IgnoreFile?
}

extension BuildInputs {
    /// - Throws: ``BuildError`` and `DockerfileError` for what is not there or wrong, ``Failure``.
    func open(_ argument: String, _ store: Store, _ registry: RegistryOptions) throws -> OpenedInputs {
        let source = try ContextSource(Arguments.bytes(argument))
        if case .standardInput = source, file == "-" {
            throw Failure.used("build: the Dockerfile and the context cannot both be standard input")
        }
        let context = try open(source, store, registry)
        let choice: DockerfileChoice
        switch (file, source) {
        case (nil, _): choice = try .inside(context)
        case ("-"?, _): choice = try .text(try standardInput(), for: context)
        case (let path?, .directory): choice = try .outside(Arguments.bytes(path), for: context)
        case (let path?, _): choice = try .inside(context, path: Arguments.bytes(path))
        }
        let dockerfile = try Dockerfile.parse(choice.bytes, name: choice.name)
        return OpenedInputs(
            dockerfile: dockerfile, context: context.tree.ignoring(choice.ignore), ignore: choice.ignore)
    }

    private func open(_ source: ContextSource, _ store: Store, _ registry: RegistryOptions) throws -> BuildContext {
        switch source {
        case .directory(let path): return try .directory(path)
        case .standardInput:
            let file = try naming("standard input") { () throws(Errno) in try FD(0).reopenShared() }
            return try .read(file, named: Array("standard input".utf8), into: try scratch(store))
        case .archive(let path):
            let file = try naming(printable(String(decoding: path, as: UTF8.self))) { () throws(Errno) in
                SharedFile(try FD.workingDirectory.open(path.cPath, .readOnly))
            }
            return try .read(file, named: path, into: try scratch(store))
        case .git(let reference):
            let scratch = try scratch(store)
            let keeps = try request().keepsGitDirectory
            return try waiting { try await BuildContext.git(reference, keepsGitDirectory: keeps, into: scratch) }
        case .address(let address):
            let (download, scratch) = (try scratch(store), try scratch(store))
            let client = try registry.client()
            return try waiting {
                try await BuildContext.address(address, with: client, download: download, into: scratch)
            }
        }
    }

    private func naming<Result: ~Copyable>(
        _ name: String, _ body: () throws(Errno) -> Result
    ) throws -> Result {
        do throws(Errno) { return try body() } catch { throw Failure.used("open build context \(name): \(error)") }
    }

    private func standardInput() throws -> [UInt8] {
        try naming("-") { () throws(Errno) in try FD(0).remainder(atMost: 16 << 20) }
    }

    private func scratch(_ store: Store) throws -> ScratchDirectory {
        let path = store.path + Array("/ingest".utf8)
        return try ScratchDirectory(
            in: try naming("scratch") { () throws(Errno) in
                SharedFile(try FD.workingDirectory.open(path.cPath, [.readOnly, .directory]))
            })
    }
}

extension FD {
    /// Another descriptor for what this one is.
    fileprivate func reopenShared() throws(Errno) -> SharedFile {
        SharedFile(Descriptor(owning: try check(cl_dup(raw))))
    }
}
