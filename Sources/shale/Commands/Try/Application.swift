import CLinux
import Changes
import Glibc
import Linux

/// Makes the changes of an upper in the directory below it. Each file is complete before it takes its name.
struct Application {
    let upper: [UInt8]
    let target: [UInt8]

    func apply(_ changes: [Change]) throws(Errno) {
        for change in changes where change.kind == .deleted {
            try FD.workingDirectory.removeTree(path(target, change.path))
        }
        for change in changes where change.kind != .deleted {
            if change.type == 0o040000 {
                try applyDirectory(change.path)
            } else {
                try applyObject(change.path)
            }
        }
    }

    private func path(_ root: [UInt8], _ path: [UInt8]) -> [CChar] { Arguments.cString(root + [0x2f] + path) }

    private func applyDirectory(_ name: [UInt8]) throws(Errno) {
        let to = path(target, name)
        if let existing = try? FD.workingDirectory.status(to), !existing.isDirectory {
            try FD.workingDirectory.unlink(to)
        }
        do throws(Errno) { try FD.workingDirectory.makeDirectory(to, mode: 0o700) } catch {
            guard error == .exists else { throw error }
        }
        let status = try FD.workingDirectory.status(path(upper, name))
        if geteuid() == 0 { try FD.workingDirectory.setOwner(to, uid: status.uid, gid: status.gid) }
        try FD.workingDirectory.setMode(to, status.mode & 0o7777)
    }

    private func applyObject(_ name: [UInt8]) throws(Errno) {
        let parent = name.lastIndex(of: 0x2f).map { Array(name[...$0]) } ?? []
        let temporary = target + [0x2f] + parent + Array(".shale-try-\(getpid())".utf8)
        // cp(1) keeps all there is to keep of an object: type, owner, attributes, holes.
        let status = Programs.run(
            ["cp", "-a", "--reflink=auto", "--no-dereference", "--"].map { Array($0.utf8) }
                + [upper + [0x2f] + name, temporary])
        guard status == 0 else { throw Errno.io }
        let to = path(target, name)
        if let existing = try? FD.workingDirectory.status(to), existing.isDirectory {
            try FD.workingDirectory.removeTree(to)
        }
        try FD.workingDirectory.rename(Arguments.cString(temporary), to: .workingDirectory, to)
    }
}
