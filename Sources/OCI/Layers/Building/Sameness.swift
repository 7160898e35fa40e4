internal import CLinux
import Glibc
internal import Linux

extension LayerStack {
    /// Whether the lowers show the same file: then copying it up changed nothing.
    func showsSame(
        _ directory: LayerDirectory, _ name: [UInt8], _ status: Status, _ attributes: ObjectAttributes,
        in parents: [LayerDirectory]
    ) throws(Errno) -> Bool {
        guard !attributes.isMetacopy, let (parent, _) = try object(name, in: parents) else {
            return false
        }
        let below = try parent.fd.status(path(name))
        let marks = try ObjectAttributes(parent.fd, path(name))
        guard below.isRegular, !marks.isMetacopy, below.size == status.size, below.mode == status.mode,
            below.uid == status.uid, below.gid == status.gid, below.mtime_s == status.mtime_s,
            below.mtime_ns == status.mtime_ns, marks.kept == attributes.kept, marks.owner == attributes.owner
        else { return false }
        let one = try directory.fd.open(path(name), [.readOnly, .noFollow, .nonBlocking])
        let two = try parent.fd.open(path(name), [.readOnly, .noFollow, .nonBlocking])
        return try one.fd.hasSameContent(as: two.fd)
    }
}

extension FD {
    fileprivate func hasSameContent(as other: FD) throws(Errno) -> Bool {
        let size = 256 << 10
        let buffers = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 4096)
        defer { buffers.deallocate() }
        while true {
            let one = try fill(UnsafeMutableRawBufferPointer(rebasing: buffers[..<size]))
            let two = try other.fill(UnsafeMutableRawBufferPointer(rebasing: buffers[size...]))
            guard one == two else { return false }
            if one == 0 { return true }
            guard let base = buffers.baseAddress, memcmp(base, base + size, one) == 0 else { return false }
        }
    }

    /// Reads until the buffer is full or the file ends.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            if count == 0 { break }
            done += count
        }
        return done
    }
}
