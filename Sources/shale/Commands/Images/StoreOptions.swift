public import ArgumentParser
import Containers
import Glibc
public import OCI
import Union

/// Which store a command works on.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store; otherwise /var/lib/shale for root, $XDG_DATA_HOME/shale for others.", valueName: "dir"))
    var root: String?

    /// - Throws: ``Failure`` when there is no place for it, or it cannot be opened.
    func store() throws -> Store {
        do { return try Store(at: try path()) } catch let error as StoreError { throw Failure.failed("\(error)") }
    }

    /// One that is there: nothing is made.
    func existing() throws -> Store {
        let path = try path()
        guard access(Arguments.cString(path + Array("/state.db".utf8)), F_OK) == 0 else {
            throw Failure.failed("open store \(printable(path)): there is none")
        }
        return try store()
    }

    private func path() throws -> [UInt8] {
        if let root { return absolute(Arguments.bytes(root)) }
        // Root of a namespace that was entered for an ordinary user is still that user.
        if geteuid() == 0, getenv(UserNamespace.owner) == nil { return Array("/var/lib/shale".utf8) }
        let environment = Environment.process
        if let data = environment.path("XDG_DATA_HOME") { return data + Array("/shale".utf8) }
        guard let home = environment.path("HOME") else {
            throw Failure.failed("open store: neither HOME nor XDG_DATA_HOME says where; give --root")
        }
        return home + Array("/.local/share/shale".utf8)
    }

    /// Mounts and runtimes look from other directories.
    private func absolute(_ path: [UInt8]) -> [UInt8] {
        guard path.first != UInt8(ascii: "/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        let directory = UnsafeBufferPointer(start: current, count: strlen(current)).map { UInt8(bitPattern: $0) }
        return directory + [UInt8(ascii: "/")] + path
    }
}

/// The platform of an image, for commands that choose one.
extension Platform: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(argument) }
}
