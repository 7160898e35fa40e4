import CLinux
import Linux

/// An object that is made in work and has no name in the upper yet.
struct NewObject: ~Copyable {
    /// Readable and writable for a regular file, otherwise O_PATH.
    let descriptor: Descriptor
    /// Its name in work, where it could not be made without one. Freed when published.
    var temporary: [CChar]?

    var fd: FD { descriptor.fd }
    var raw: Int32 { descriptor.raw }
}

extension Union {
    /// A new, empty object of the type and device of `status`, a symlink with the target of `source`/`name`.
    func makeObject(_ status: Status, _ source: FD, _ name: CPath) throws(Errno) -> NewObject {
        guard let work else { throw Errno.readOnly }
        if status.isRegular, work.unnamed {
            return NewObject(
                descriptor: try work.directory.open(".", [.temporary, .readWrite], mode: 0o600), temporary: nil)
        }
        let temporary = work.temporaryName()
        if status.isRegular {
            let file = try work.directory.open(temporary, [.create, .exclusive, .readWrite], mode: 0o600)
            return NewObject(descriptor: file, temporary: temporary)
        }
        if status.isSymlink {
            let target = try readTarget(source, name)
            try work.directory.makeSymlink(temporary, target: target)
        } else {
            try makeSpecial(work.directory, temporary, status)
        }
        do throws(Errno) {
            return NewObject(
                descriptor: try work.directory.open(temporary, [.path, .noFollow]), temporary: temporary)
        } catch {
            try? work.directory.unlink(temporary)
            throw error
        }
    }

    /// A fifo, socket or device; where a device is not ours to make, a file that is recorded as one (SEMANTICS 9.5).
    func makeSpecial(_ directory: FD, _ name: CPath, _ status: Status) throws(Errno) {
        do throws(Errno) {
            try directory.makeNode(name, mode: status.type | 0o600, device: status.rdev)
        } catch {
            guard error == .notPermitted, recordsOwners else { throw error }
            let file = try directory.open(name, [.create, .exclusive, .writeOnly], mode: 0o600)
            try record(
                RecordedOwner(
                    uid: status.uid, gid: status.gid, mode: status.mode & 0o7777,
                    kind: .init(type: status.type, device: status.rdev)), file.fd, "")
        }
    }

    func readTarget(_ directory: FD, _ name: CPath) throws(Errno) -> [CChar] {
        var target = [CChar](repeating: 0, count: 4097)
        let outcome = target.withUnsafeMutableBytes { buffer -> Result<Int, Errno> in
            do throws(Errno) { return .success(try directory.readLink(name, into: buffer)) } catch {
                return .failure(error)
            }
        }
        let count = try outcome.get()
        guard count < 4097 else { throw Errno.nameTooLong }
        target.removeLast(target.count - count - 1)
        target[count] = 0
        return target
    }

    /// Gives a finished object its name in the upper, and one in the index where it has hard links below.
    func publish(_ object: inout NewObject, to: FD, _ name: CPath, index: Origin?) throws(Errno) {
        guard let work else { throw Errno.readOnly }
        if let index, let directory = work.index {
            try withName(index.indexName) { (entry) throws(Errno) in
                do throws(Errno) { try object.fd.linkSelf(to: directory, entry.path) } catch {
                    guard error == .exists else { throw error }
                    // Left by a copy-up that did not end: nothing else leads to it.
                    try directory.unlink(entry.path)
                    try object.fd.linkSelf(to: directory, entry.path)
                }
            }
        }
        do throws(Errno) {
            if let temporary = object.temporary {
                try work.directory.rename(temporary, to: to, name)
                object.temporary = nil
            } else {
                do throws(Errno) { try object.fd.linkSelf(to: to, name) } catch {
                    // A whiteout may lie there when the name came by a redirect.
                    guard error == .exists, try to.status(name).isWhiteout else { throw error }
                    let temporary = work.temporaryName()
                    try object.fd.linkSelf(to: work.directory, temporary)
                    try work.directory.rename(temporary, to: to, name)
                }
            }
        } catch {
            if let index { leaveIndex(index) }
            throw error
        }
    }

    func discardName(_ object: borrowing NewObject) {
        if let temporary = object.temporary { try? work?.directory.unlink(temporary) }
    }

    /// Removes an object that did not become whole.
    func discard(_ object: borrowing NewObject) { discardName(object) }
}
