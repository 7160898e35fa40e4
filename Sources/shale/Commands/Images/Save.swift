import ArgumentParser
import Glibc
import Linux
import OCI

/// `shale save`: images as a file.
struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write images as an archive or an OCI directory.",
        discussion: """
            docker-archive, the default, is read by docker load of any version and by everything that reads OCI archives. The same \
            images give the same bytes. A file appears when it is complete.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case docker = "docker-archive"
        case oci = "oci-archive"
        case directory = "oci-dir"
    }

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "The file or directory to write; standard output otherwise.")
    var output: String?

    @Option(help: "docker-archive, oci-archive or oci-dir.")
    var format = Format.docker

    @Option(help: "os/architecture[/variant], where the store has several; this machine's otherwise.")
    var platform = Platform.host

    @Argument(help: "Names, or beginnings of ids.")
    var images: [String]

    func validate() throws {
        if format == .directory, output == nil { throw ValidationError("--format oci-dir needs --output") }
    }

    func run() throws {
        if output == nil, isatty(1) == 1 {
            throw Failure.used("save: standard output is a terminal; give --output, or redirect it")
        }
        let store = try location.store()
        do {
            let lease = try store.lease()
            let chosen = try choose(store, lease)
            switch (format, output) {
            case (.directory, let output?):
                try ImageArchive.save(chosen, from: store.blobs, toDirectory: Arguments.bytes(output))
            case (_, let output?) where output != "-": try write(chosen, store, Arguments.bytes(output))
            default: try ImageArchive.save(chosen, from: store.blobs, to: FD(1), as: kind)
            }
            withExtendedLifetime(lease) {}
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure.failed("save \(images.joined(separator: " ")): \(error)")
        }
    }

    private var kind: ImageArchive.Format { format == .oci ? .oci : .docker }

    /// Each image once, with the names by which it was asked for; by its id, with none.
    private func choose(_ store: Store, _ lease: Lease) throws -> [ArchivedImage] {
        var chosen: [ArchivedImage] = []
        for text in images {
            let entry = try store.find(text)
            let image = try store.load(entry.image, for: platform)
            try lease.hold(([image.descriptor, image.manifest.config] + image.manifest.layers).map(\.digest))
            let asked = (try? Reference(text).tagged).flatMap { entry.names.contains($0) ? $0 : nil }
            let names = asked.map { [$0] } ?? []
            if let index = chosen.firstIndex(where: { $0.manifest == image.descriptor }) {
                chosen[index].names += names.filter { !chosen[index].names.contains($0) }
            } else {
                chosen.append(ArchivedImage(names: names, manifest: image.descriptor))
            }
        }
        return chosen
    }

    private func write(_ chosen: [ArchivedImage], _ store: Store, _ path: [UInt8]) throws {
        // What is no file, such as /dev/null or a pipe, is written as it is.
        if let status = try? FD.workingDirectory.status(path.cPath), !status.isRegular, !status.isSymlink {
            let file = try FD.workingDirectory.open(path.cPath, .writeOnly)
            return try ImageArchive.save(chosen, from: store.blobs, to: file.fd, as: kind)
        }
        let temporary = path + Array(".\(getpid()).partial".utf8)
        do {
            let file = try FD.workingDirectory.open(
                temporary.cPath, [.writeOnly, .create, .truncate, .noFollow], mode: 0o644)
            try ImageArchive.save(chosen, from: store.blobs, to: file.fd, as: kind)
            try FD.workingDirectory.rename(temporary.cPath, to: .workingDirectory, path.cPath)
        } catch {
            try? FD.workingDirectory.unlink(temporary.cPath)
            throw error
        }
    }
}
