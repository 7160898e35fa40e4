import CLinux
import Linux

/// Origins of objects that cannot carry a `user.` attribute: symlinks, devices, fifos and sockets (xattr(7)). Where our
/// marks are `user.` ones, `workdir/origins` has a symlink for each: named by the object's own file handle, leading to
/// its origin, both in hexadecimal. Only we read it; without it a number changes at a remount, and nothing else (SEMANTICS 6.2).
extension Union {
    /// Notes where `object` came from; false where there is no table or it cannot hold it.
    func enterOriginTable(_ object: FD, _ name: CPath, _ origin: Origin) -> Bool {
        guard let table = work?.origins, let own = Origin(object, name, uuid: layers[0].uuid) else { return false }
        let target = origin.indexName.map { CChar(bitPattern: $0) } + [0]
        do throws(Errno) {
            try withName(own.indexName) { (entry) throws(Errno) in
                do throws(Errno) { try table.makeSymlink(entry.path, target: target) } catch {
                    guard error == .exists else { throw error }
                    try table.unlink(entry.path)
                    try table.makeSymlink(entry.path, target: target)
                }
            }
            return true
        } catch {
            return false
        }
    }

    /// The origin of an object of the upper as the table has it.
    func originFromTable(_ object: FD, _ name: CPath) -> Origin? {
        guard let table = work?.origins, let own = Origin(object, name, uuid: layers[0].uuid) else { return nil }
        let digits = try? withName(own.indexName) { (entry) throws(Errno) in try readTarget(table, entry.path) }
        return digits.flatMap { Origin(hexadecimal: $0.dropLast().map { UInt8(bitPattern: $0) }) }
    }

    /// Forgets an object whose last name is gone.
    func leaveOriginTable(_ object: FD) {
        guard let table = work?.origins, let own = Origin(object, "", uuid: layers[0].uuid) else { return }
        try? withName(own.indexName) { (entry) throws(Errno) in try table.unlink(entry.path) }
    }
}
