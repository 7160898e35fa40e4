import CLinux
import Linux

/// The stack as found and checked when a union opens (SEMANTICS 1.1 to 1.4). Nothing is mounted before all of it holds.
struct OpenedStack {
    let configuration: Configuration
    let layers: [Layer]
    let firstDataLayer: Int
    let numbering: InodeNumbering
    let privileges: Privileges
    let work: WorkDirectory?
    let marks: MarkNames
    let directoryBudget: Int
    let rootNumber: UInt64
    let rootReal: UInt64

    init(_ given: Configuration) throws(Refusal) {
        var configuration = given
        let privileges = Privileges.current()
        // What only a privileged server can write stands in the attribute that everybody can (SEMANTICS 9.5).
        if given.ownership.attribute == .privileged, !privileges.administrator {
            configuration.ownership.attribute = .containers
        }
        let marks = MarkNames(userMode: given.userAttributes || !privileges.administrator)
        guard !given.lowers.isEmpty else { throw Refusal("lowerdir: at least one directory is needed") }
        let count = given.lowers.count + given.dataLowers.count
        guard count <= 500 else { throw Refusal("lowerdir: \(count) directories, at most 500 can be stacked") }
        if let upper = given.upper, given.work == nil {
            throw Refusal("upperdir \(printable(upper)): needs a workdir on the same filesystem")
        }
        if let work = given.work, given.upper == nil { throw Refusal("workdir \(printable(work)): needs an upperdir") }

        var limit: UInt64 = 1024
        _ = cl_raise_descriptor_limit(&limit)
        // A layer's root each, a reserve for files, and at most a few thousand directories.
        let spare = Int(clamping: limit) - count - 48
        guard spare > 16 else {
            throw Refusal("lowerdir: \(count) directories need more than the \(limit) descriptors allowed (ulimit -n)")
        }
        directoryBudget = min(4096, max(8, spare / 3))

        var work: WorkDirectory?
        var fileSystems: [FileSystem] = []
        var layers: [Layer] = []
        if let upper = given.upper, let workPath = given.work {
            let layer = try Self.openLayer(
                "upperdir", upper, index: 0, fileSystems: &fileSystems, marks: marks, own: false)
            layers.append(layer)
            work = try WorkDirectory(workPath, upper: layer, configuration: configuration, marks: marks)
        } else {
            layers.append(Self.hole())
        }
        let paths = given.lowers.map { ("lowerdir", $0) } + given.dataLowers.map { ("data-only lowerdir", $0) }
        for (offset, (option, path)) in paths.enumerated() {
            layers.append(
                try Self.openLayer(option, path, index: offset + 1, fileSystems: &fileSystems, marks: marks, own: true))
        }
        if work?.index == nil { configuration.index = false }
        numbering = InodeNumbering(fileSystems: fileSystems.count)
        // The merged root has its top lower's number, which stays when the upper is replaced.
        let top = layers[given.upper == nil ? 1 : 0]
        do {
            rootReal = try FD(top.root).status().ino
            let below = try FD(layers[1].root).status().ino
            rootNumber = numbering.number(below, fileSystem: layers[1].fileSystem) ?? 1
        } catch {
            throw Refusal("\(printable(top.path)): \(error)")
        }
        self.configuration = configuration
        self.layers = layers
        firstDataLayer = 1 + given.lowers.count
        self.privileges = privileges
        self.work = work
        self.marks = marks
    }

    private static func hole() -> Layer {
        let record = LayerDirectory.allocate(capacity: 1)
        record.initialize(to: LayerDirectoryRecord(layer: 0))
        return Layer(
            path: [], root: -1, device: 0, mountID: 0, fileSystem: 0, uuid: [], ownMount: false,
            recordsOwnership: false, record: record)
    }

    private static func openLayer(
        _ option: String, _ path: [UInt8], index: Int, fileSystems: inout [FileSystem], marks: MarkNames, own: Bool
    ) throws(Refusal) -> Layer {
        guard !path.isEmpty, !path.contains(0) else { throw Refusal("\(option): an empty path is no directory") }
        do {
            // Only here a symlink may lead to the layer (SEMANTICS 1.4).
            let flags: OpenFlags = [.path, .directory]
            var root = try withName(path) { (name) throws(Errno) in try FD.workingDirectory.open(name.path, flags) }
            var cloned = false
            if own, let copy = try? check(cl_clone_mount(root.raw)) {
                root = Descriptor(owning: copy)
                cloned = true
                _ = cl_stop_access_times(copy)
            }
            let status = try root.fd.status()
            let fileSystem = fileSystems.firstIndex { $0.device == status.dev } ?? fileSystems.count
            if fileSystem == fileSystems.count { fileSystems.append(FileSystem(device: status.dev)) }
            let recorded: Bool
            // What is open for reading is asked more cheaply, and FS_IOC_GETFSUUID does not work through O_PATH.
            if let open = try? root.fd.open(".", [.readOnly, .directory]) {
                recorded = recordsOwnership(open.fd)
                if fileSystems[fileSystem].uuid == nil { fileSystems[fileSystem].uuid = uuid(open.fd) }
            } else {
                recorded = recordsOwnership(root.fd)
            }
            let uuid = fileSystems[fileSystem].uuid ?? unknownUUID
            let record = LayerDirectory.allocate(capacity: 1)
            record.initialize(to: LayerDirectoryRecord(layer: index))
            let raw = root.release()
            record.pointee.descriptor = raw
            return Layer(
                path: path, root: raw, device: status.dev, mountID: status.mount_id, fileSystem: fileSystem,
                uuid: uuid, ownMount: cloned, recordsOwnership: recorded, record: record)
        } catch {
            throw Refusal("\(option) \(printable(path)): \(error)")
        }
    }

    /// One of those that the layers lie on.
    private struct FileSystem {
        let device: UInt64
        var uuid: [UInt8]?
    }

    private static let unknownUUID = [UInt8](repeating: 0, count: 16)

    private static func uuid(_ fd: FD) -> [UInt8] {
        var uuid = unknownUUID
        let result = uuid.withUnsafeMutableBufferPointer { cl_fs_uuid(fd.raw, $0.baseAddress) }
        return result < 0 ? unknownUUID : uuid
    }

    private static func recordsOwnership(_ root: FD) -> Bool {
        [Ownership.Attribute.containers, .privileged].contains { attribute in
            let key = attribute.rawValue.utf8.map { CChar(bitPattern: $0) } + [0]
            return ((try? root.attribute("", key)) ?? nil) != nil
        }
    }
}

/// A path for a message: bytes that are not UTF-8 are shown as escapes, so that one line stays one line.
public func printable(_ path: [UInt8]) -> String {
    var result = ""
    for scalar in String(decoding: path, as: UTF8.self).unicodeScalars {
        if scalar.value < 32 || scalar.value == 127 {
            result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}
