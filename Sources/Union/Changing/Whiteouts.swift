import CLinux
import Glibc
import Linux

/// Deleting what a lower has (SEMANTICS 4; overlayfs.rst, "whiteouts and opaque directories").
extension Union {
    /// Puts a whiteout at a name that the upper does not have.
    func whiteOut(_ directory: FD, _ holder: LayerDirectory, _ name: Name) throws(Errno) {
        guard let work else { throw Errno.readOnly }
        if work.devices { return try work.linkWhiteout(to: directory, name.path) }
        try makeFileWhiteout(directory, holder, name)
    }

    /// Replaces what the upper has at `name` by a whiteout, atomically; what was there moves to work under the name returned.
    func whiteOutOver(_ directory: FD, _ holder: LayerDirectory, _ name: Name, isDirectory: Bool) throws(Errno)
        -> [CChar]?
    {
        guard let work else { throw Errno.readOnly }
        let temporary = work.temporaryName()
        guard work.devices else {
            // The file stays visible until it is gone itself; then the whiteout beside it counts.
            try makeFileWhiteout(directory, holder, name)
            do throws(Errno) {
                try directory.rename(name.path, to: work.directory, temporary)
            } catch {
                clearFileWhiteout(directory, name)
                throw error
            }
            return temporary
        }
        try work.linkWhiteout(to: work.directory, temporary)
        do throws(Errno) {
            try work.directory.rename(temporary, to: directory, name.path, flags: isDirectory ? 2 : 0)
        } catch {
            try? work.directory.unlink(temporary)
            throw error
        }
        return isDirectory ? temporary : nil
    }

    private func makeFileWhiteout(_ directory: FD, _ holder: LayerDirectory, _ name: Name) throws(Errno) {
        guard name.count <= 251 else { throw Errno.nameTooLong }
        try withFileWhiteout(name.path, name.count) { (path) throws(Errno) in
            let file = try directory.open(path, [.create, .writeOnly, .noFollow], mode: 0o600)
            _ = consume file
        }
        holder.pointee.dotWhiteouts = .yes
    }

    /// Removes the `.wh.` file of a name that came back.
    func clearFileWhiteout(_ directory: FD, _ name: Name) {
        guard let work, !work.devices, name.count <= 251 else { return }
        try? withFileWhiteout(name.path, name.count) { (path) throws(Errno) in try directory.unlink(path) }
    }

    func clearFileWhiteout(_ directory: FD, _ name: NameBytes) {
        clearFileWhiteout(directory, Name(path: name.path, count: name.count))
    }

    private func withFileWhiteout<Result>(
        _ name: CPath, _ count: Int, _ body: (CPath) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        try withUnsafeTemporaryAllocationThrowing(byteCount: count + 8) { (buffer) throws(Errno) in
            guard let base = buffer.baseAddress else { throw Errno.noMemory }
            memcpy(base, ".wh.", 4)
            memcpy(base + 4, name, count + 1)
            return try body(base.assumingMemoryBound(to: CChar.self))
        }
    }

    /// Marks a directory opaque: nothing below it shows.
    func markOpaque(_ directory: FD, _ name: CPath) throws(Errno) {
        do throws(Errno) {
            try directory.setAttribute(name, marks.name(.opaque), [0x79])
        } catch {
            // Without attributes a file has to say it, and only where whiteouts are files too.
            guard error == .notSupported, let work, !work.devices else { throw error }
            let open =
                try name.pointee == 0
                ? directory.reopen([.path, .directory]) : directory.open(name, [.path, .directory, .noFollow])
            let file = try open.fd.open(".wh..wh..opq", [.create, .writeOnly, .noFollow], mode: 0o600)
            _ = consume file
        }
    }

    /// `mkdir` in a merged directory: opaque although nothing is below, as the kernel does where lowers cannot change
    /// (ovl_create_upper, ovl_allow_offline_changes).
    var marksNewDirectories: Bool {
        configuration.index || configuration.metacopy || configuration.redirect == .on
    }
}
