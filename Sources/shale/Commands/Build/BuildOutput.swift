import Build
import Containers
import Glibc
import Linux
import OCI

/// What `--output` says.
struct BuildOutput {
    enum Kind: String {
        case image, oci, docker, tar, local
    }

    var kind: Kind
    /// A path; - is standard output.
    var destination: String?
    var names: [String] = []
    var isPushed = false

    init(kind: Kind) { self.kind = kind }

    init(_ text: String) throws(BuildError) {
        if text == "-" {
            kind = .tar
            destination = "-"
            return
        }
        guard text.contains("=") else {
            kind = .local
            destination = text
            return
        }
        kind = .image
        var hasKind = false
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw BuildError("--output \(text): KEY=VALUE is wanted, not \(field)") }
            switch parts[0] {
            case "type":
                guard let found = parts[1] == "registry" ? .image : Kind(rawValue: parts[1]) else {
                    throw BuildError("--output \(text): the types are image, registry, oci, docker, tar and local")
                }
                if parts[1] == "registry" { isPushed = true }
                kind = found
                hasKind = true
            case "dest": destination = parts[1]
            case "name": names.append(parts[1])
            case "push": isPushed = parts[1] == "true"
            default: throw BuildError("--output \(text): \(parts[0]) is unknown; type, dest, name and push are known")
            }
        }
        if !hasKind { throw BuildError("--output \(text): it has no type") }
        if kind != .image, destination == nil {
            guard kind != .local else { throw BuildError("--output \(text): it has no dest") }
            guard isatty(1) == 0 else {
                throw BuildError("--output \(text): standard output is a terminal; give dest=")
            }
            destination = "-"
        }
    }

    /// Writes an image as an archive.
    func archive(_ image: ArchivedImage, _ store: Store) throws(BuildError) {
        let format: ImageArchive.Format = kind == .oci ? .oci : .docker
        do {
            guard let destination, destination != "-" else {
                return try ImageArchive.save([image], from: store.blobs, to: FD(1), as: format)
            }
            var file = try NewFile(Arguments.bytes(destination))
            try ImageArchive.save([image], from: store.blobs, to: file.fd, as: format)
            try file.publish()
        } catch {
            throw BuildError("write \(destination ?? "-"): \(error)")
        }
    }
}

/// The file system of a stage, as an archive or as a directory.
struct TreeOutput {
    let session: BuildSession
    let state: StageState
    let output: BuildOutput
    /// In the destination, where it is one of several.
    let directory: String?

    func write() throws(BuildError) {
        if output.kind == .local { try copy() } else { try archive() }
    }

    private func copy() throws(BuildError) {
        var path = Arguments.bytes(output.destination ?? "")
        try make(path)
        if let directory {
            path += Array("/\(directory)".utf8)
            try make(path)
        }
        try session.copyTree(of: state, to: path)
    }

    private func make(_ path: [UInt8]) throws(BuildError) {
        do throws(Errno) { try FD.workingDirectory.makeDirectory(path.cPath, mode: 0o755) } catch {
            guard error == .exists else { throw BuildError("write", path, error) }
        }
    }

    private func archive() throws(BuildError) {
        guard let destination = output.destination, destination != "-" else {
            return try session.archiveTree(of: state, to: FD(1))
        }
        do {
            var file = try NewFile(Arguments.bytes(destination))
            try session.archiveTree(of: state, to: file.fd)
            try file.publish()
        } catch {
            throw BuildError("write \(destination): \(error)")
        }
    }
}
