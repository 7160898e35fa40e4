internal import CLinux
internal import Linux

/// How whiteouts, owners and devices are kept on this file system with this process's rights.
struct LayerMarking {
    private let recordsOwners: Bool
    private let opaqueName: [CChar]
    private let whiteoutsAreDevices: Bool
    private static let recordName = "user.containers.override_stat"

    /// - Parameter root: of the layer, still empty: what can be made is found out by making it.
    init(_ root: FD, _ ownership: LayerUnpacker.Ownership) throws(Errno) {
        let privileges = Privileges.current()
        recordsOwners = ownership == .recorded || !privileges.manyOwners
        opaqueName = path((privileges.administrator ? "trusted.overlay.opaque" : "user.overlay.opaque").utf8)
        do throws(Errno) {
            try root.makeNode("probe", mode: 0o020000, device: 0)
            try root.unlink("probe")
            whiteoutsAreDevices = true
        } catch {
            guard error == .notPermitted else { throw error }
            whiteoutsAreDevices = false
        }
        guard recordsOwners else { return }
        // The root's record says that there are others.
        let record = RecordedOwner(uid: 0, gid: 0, mode: 0o755, kind: .init(type: 0o040000))
        try root.setAttribute("", Self.recordName, record.bytes)
    }

    /// - Parameter directory: not opened with O_PATH.
    func makeOpaque(_ directory: FD) throws(Errno) {
        do throws(Errno) { try directory.setAttribute("", opaqueName, [UInt8(ascii: "y")]) } catch {
            guard error == .notSupported || error == .notPermitted else { throw error }
            try makeEmpty(directory, path(WhiteoutName.opaque))
        }
    }

    func makeWhiteout(_ parent: FD, _ hidden: [UInt8]) throws(Errno) {
        if whiteoutsAreDevices { return try parent.makeNode(path(hidden), mode: 0o020000, device: 0) }
        try makeEmpty(parent, path(WhiteoutName.prefix + hidden))
    }

    private func makeEmpty(_ parent: FD, _ name: [CChar]) throws(Errno) {
        _ = try parent.open(name, [.writeOnly, .create, .noFollow], mode: 0o600)
    }

    func hasWhiteoutFile(_ parent: FD, _ name: [CChar]) -> Bool {
        !whiteoutsAreDevices && name.count <= 252
            && (try? parent.status(path(WhiteoutName.prefix).dropLast() + name)) != nil
    }

    func removeWhiteout(_ parent: FD, _ name: [CChar]) throws(Errno) {
        if hasWhiteoutFile(parent, name) { return try parent.unlink(path(WhiteoutName.prefix).dropLast() + name) }
        try parent.unlink(name)
    }

    /// A symlink, fifo or device; a device that may not be made is recorded on an empty file.
    ///
    /// - Returns: how many attributes could not be kept.
    func makeSpecial(_ entry: TarEntry, _ parent: FD, _ name: [CChar]) throws(Errno) -> Int {
        switch entry.kind {
        case .symlink(let target): try parent.makeSymlink(name, target: path(target))
        case .fifo: try parent.makeNode(name, mode: 0o010600, device: 0)
        case .characterDevice(let device): return try makeDevice(entry, 0o020000, device, parent, name)
        case .blockDevice(let device): return try makeDevice(entry, 0o060000, device, parent, name)
        case .file, .directory, .hardLink: throw Errno.invalid
        }
        return try apply(entry, parent, name)
    }

    private func makeDevice(
        _ entry: TarEntry, _ type: UInt32, _ device: DeviceNumber, _ parent: FD, _ name: [CChar]
    ) throws(Errno) -> Int {
        if !recordsOwners {
            do throws(Errno) {
                try parent.makeNode(name, mode: type | 0o600, device: device.raw)
                return try apply(entry, parent, name)
            } catch {
                // In a user namespace owners are free, devices are not.
                guard error == .notPermitted else { throw error }
            }
        }
        try makeEmpty(parent, name)
        let file = try parent.open(name, [.writeOnly, .noFollow])
        let dropped = try apply(entry, file.fd, "")
        let record = RecordedOwner(
            uid: entry.uid, gid: entry.gid, mode: entry.mode, kind: .init(type: type, device: device.raw))
        try file.fd.setAttribute("", Self.recordName, record.bytes)
        return dropped
    }

    /// Owner, attributes, mode and time: in this order, since a change of owner drops set-id bits and capabilities.
    ///
    /// - Returns: how many attributes could not be kept.
    func apply(_ entry: TarEntry, _ fd: FD, _ name: CPath) throws(Errno) -> Int {
        var isSymlink = false
        if case .symlink = entry.kind { isSymlink = true }
        if !recordsOwners { try fd.setOwner(name, uid: entry.uid, gid: entry.gid) }
        let dropped = try setAttributes(entry, fd, name)
        // The kernel lets only files and directories have such attributes.
        let records = recordsOwners && !isSymlink && entry.kind != .fifo
        if records {
            let type: UInt32 = entry.kind == .directory ? 0o040000 : 0o100000
            let record = RecordedOwner(uid: entry.uid, gid: entry.gid, mode: entry.mode, kind: .init(type: type))
            try fd.setAttribute(name, Self.recordName, record.bytes)
        }
        if !isSymlink { try fd.setMode(name, records ? readable(entry) : entry.mode) }
        try fd.setTimes(name, access: entry.modified, modified: entry.modified)
        return dropped
    }

    /// The true mode is in the record; the one on the disk lets its owner read it, and nobody gain by it.
    private func readable(_ entry: TarEntry) -> UInt32 {
        entry.mode & 0o777 | (entry.kind == .directory ? 0o700 : 0o600)
    }

    private func setAttributes(_ entry: TarEntry, _ fd: FD, _ name: CPath) throws(Errno) -> Int {
        var dropped = 0
        for attribute in entry.attributes {
            guard ObjectAttributes.isCarried(attribute.name) else {
                dropped += 1
                continue
            }
            do throws(Errno) { try fd.setAttribute(name, path(attribute.name), attribute.value) } catch {
                switch error {
                // No such attributes on this file system, of this type of object, or with these rights.
                case .notSupported, .notPermitted, .access, .invalid: dropped += 1
                default: throw error
                }
            }
        }
        return dropped
    }
}
