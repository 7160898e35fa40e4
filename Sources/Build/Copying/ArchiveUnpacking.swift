import CLinux
import Linux
import OCI

/// Unpacks a tar archive, compressed or not, into a directory that counts as the root of all its names and links.
///
/// What comes later replaces what is there, but a directory keeps what it holds. Directories on the way that the archive
/// does not have are 0755. A name that leads upwards is refused.
struct ArchiveUnpacking {
    /// What an archive is unpacked for.
    enum Purpose {
        /// `ADD`: owners are the archive's.
        case image
        /// Owners mean nothing, and devices are refused.
        case context
    }

    private let tree: DestinationTree
    private let purpose: Purpose

    /// - Parameters:
    ///   - root: the directory.
    ///   - prefix: where the directory is, for reports of what is lost.
    init(_ root: any TreeDirectory, prefix: [[UInt8]] = [], _ options: CopyOptions, purpose: Purpose = .image) {
        var options = options
        let lost = options.lost
        options.lost = { loss in
            lost(CopyOptions.Loss(path: prefix.path.joined(loss.path), kind: loss.kind, cause: loss.cause))
        }
        options.replaces = true
        tree = DestinationTree(root, options)
        self.purpose = purpose
    }

    /// Reads from the file's position on.
    func unpack(_ file: FD, _ source: [UInt8]) throws(BuildError) {
        do throws(BuildError) {
            let reader = try reading { () throws(LayerError) in
                try ArchiveReader(FileInput(file), decompresses: true, noun: "archive")
            }
            var run = Run(tree: tree, purpose: purpose)
            while let entry = try reading({ () throws(LayerError) in try reader.next() }) {
                try tree.options.interruption?.check()
                try run.add(entry, reader)
            }
            try run.finishDirectories()
        } catch {
            throw BuildError("unpack", source, error.message)
        }
    }

    /// One archive on its way.
    private struct Run {
        let tree: DestinationTree
        let purpose: Purpose
        /// The directory of the last entry, as the archive has it and as it is.
        private var lastParent: (stored: [UInt8], names: [[UInt8]])?
        private var directories: [(names: [[UInt8]], entry: TarEntry)] = []

        init(tree: DestinationTree, purpose: Purpose) {
            self.tree = tree
            self.purpose = purpose
        }

        mutating func add(_ entry: TarEntry, _ reader: ArchiveReader) throws(BuildError) {
            guard !entry.name.isEmpty else {
                if entry.kind == .directory { directories.append(([], entry)) }
                return
            }
            let (stored, last) = entry.name.parentAndLast
            let names = try parent(stored) + [last]
            if entry.kind == .directory {
                if try tree.makeDirectory(names) { lastParent = nil }
                directories.append((names, entry))
                return
            }
            if try tree.status(names)?.isDirectory == true { lastParent = nil }
            try tree.clear(names)
            let name = last.cPath
            let parent = try naming("write", entry.name) { () throws(Errno) in
                try tree.directory(names.dropLast())
            }
            if case .file(let size) = entry.kind { try writeFile(entry, size, parent, name, reader) }
            do throws(Errno) {
                guard try make(entry, parent, name) else { return }
                try finish(entry, parent, name, names)
            } catch {
                if error == .notPermitted, let kind = entry.deviceLoss {
                    return tree.options.lost(CopyOptions.Loss(path: names.path, kind: kind, cause: error))
                }
                throw BuildError("write", entry.name, error)
            }
        }

        private mutating func parent(_ stored: [UInt8]) throws(BuildError) -> [[UInt8]] {
            if let lastParent, lastParent.stored == stored { return lastParent.names }
            let names = try naming("write", stored) { () throws(Errno) in
                try RootedPath.resolve(stored, in: tree.root)
            }
            try tree.makeDirectories(names)
            lastParent = (stored, names)
            return names
        }

        /// Makes what is neither a file nor a directory.
        ///
        /// - Returns: false for another name of a file, which has its attributes.
        private func make(_ entry: TarEntry, _ parent: any TreeDirectory, _ name: [CChar]) throws(Errno) -> Bool {
            switch entry.kind {
            case .symlink(let target): try parent.makeSymlink(name, target: target.cPath)
            case .hardLink(let target):
                let existing = try RootedPath.resolve(target, in: tree.root, followsLast: false)
                let chain = DirectoryChain(tree.root)
                let directory = try chain.directory(existing.dropLast())
                try directory.link((existing.last ?? [.dot]).cPath, to: parent, name)
                return false
            case .fifo: try parent.makeNode(name, mode: 0o010600, device: 0)
            case .characterDevice(let device):
                guard purpose == .image else { throw .invalid }
                try parent.makeNode(name, mode: 0o020600, device: device.raw)
            case .blockDevice(let device):
                guard purpose == .image else { throw .invalid }
                try parent.makeNode(name, mode: 0o060600, device: device.raw)
            case .file, .directory: break
            }
            return true
        }

        private func writeFile(
            _ entry: TarEntry, _ size: Int64, _ parent: any TreeDirectory, _ name: [CChar], _ reader: ArchiveReader
        ) throws(BuildError) {
            let file = try naming("write", entry.name) { () throws(Errno) in
                try parent.makeFile(name, mode: entry.mode & 0o7777)
            }
            let interruption = tree.options.interruption
            try reading { () throws(LayerError) in
                try reader.data(of: entry.name) { (bytes, offset) throws(LayerError) in
                    if interruption?.happened == true { throw LayerError(refusing: "write", "interrupted") }
                    do throws(Errno) { try file.fd.writeAll(bytes, at: offset) } catch {
                        throw LayerError("write", entry.name, error)
                    }
                }
            }
            // A hole at the end.
            try naming("write", entry.name) { () throws(Errno) in try check(cl_ftruncate(file.raw, size)) }
        }

        private func finish(
            _ entry: TarEntry, _ parent: any TreeDirectory, _ name: [CChar], _ names: [[UInt8]]
        ) throws(Errno) {
            let kept = purpose == .image ? Owner(uid: entry.uid, gid: entry.gid) : .root
            if purpose == .image {
                try tree.setOwner(tree.options.owner ?? kept, of: name, in: parent, names)
            }
            if case .symlink = entry.kind {
            } else {
                try parent.setMode(name, entry.mode & 0o7777)
                let attributes = entry.attributes.filter { ObjectAttributes.isCarried($0.name) }
                    .map { Selection.Attribute(name: $0.name, value: $0.value) }
                try tree.setAttributes(attributes, of: name, in: parent, names)
            }
            try parent.setModified(name, tree.time(entry.modified))
        }

        func finishDirectories() throws(BuildError) {
            for (names, entry) in directories.reversed() {
                // Something that came later may have taken its place.
                guard try tree.status(names)?.isDirectory == true else { continue }
                try naming("write", entry.name) { () throws(Errno) in
                    let parent = try tree.directory(names.dropLast())
                    try finish(entry, parent, (names.last ?? [.dot]).cPath, names)
                }
            }
        }
    }
}

/// Runs calls of the archive reader; what they throw already names the entry.
@discardableResult
private func reading<Result>(_ body: () throws(LayerError) -> Result) throws(BuildError) -> Result {
    do throws(LayerError) { return try body() } catch { throw BuildError(error.description) }
}

extension TarEntry {
    /// How a device that could not be made is reported.
    fileprivate var deviceLoss: CopyOptions.Loss.Kind? {
        switch kind {
        case .characterDevice(let device): .device(mode: 0o020000 | mode, number: device.raw)
        case .blockDevice(let device): .device(mode: 0o060000 | mode, number: device.raw)
        default: nil
        }
    }
}
