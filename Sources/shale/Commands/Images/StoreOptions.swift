import Analysis
public import ArgumentParser
import Glibc
public import OCI

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

    /// The store, for who may not need it: an image may be a file.
    func openForInspection() throws(AnalysisError) -> Store {
        do { return try store() } catch { throw AnalysisError((error as? Failure)?.message ?? "\(error)") }
    }

    private func path() throws -> [UInt8] {
        if let root { return Arguments.bytes(root) }
        if geteuid() == 0 { return Array("/var/lib/shale".utf8) }
        let environment = Environment.process
        if let data = environment.path("XDG_DATA_HOME") { return data + Array("/shale".utf8) }
        guard let home = environment.path("HOME") else {
            throw Failure.failed("open store: neither HOME nor XDG_DATA_HOME says where; give --root")
        }
        return home + Array("/.local/share/shale".utf8)
    }
}

/// The platform of an image, for commands that choose one.
extension Platform: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(argument) }
}
