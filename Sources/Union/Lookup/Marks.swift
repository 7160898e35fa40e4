import CLinux
import Glibc
import Linux

/// The marks of one directory entry in one layer, in every form that is read (SEMANTICS 4.5).
struct DirectoryMarks {
    var opaque = false
    var attributeWhiteouts = false
    var redirect: [UInt8]?
}

extension Union {
    /// Reads the marks of the directory `name` in `directory`. One call where there are none.
    func readMarks(_ directory: FD, _ name: Name) throws(Errno) -> DirectoryMarks {
        var marks = DirectoryMarks()
        let size = 512
        var long: [UInt8]?
        try withUnsafeTemporaryAllocationThrowing(byteCount: size) { (buffer) throws(Errno) in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let result = cl_listxattrat(directory.raw, name.path, base, size)
            if result == -34 {
                long = try directory.attributeNames(name.path)
            } else if result > 0 {
                long = hasOverlayName(buffer, Int(result)) ? Array(buffer.prefix(Int(result))) : nil
            }
        }
        if let list = long {
            for key in list.split(separator: 0) {
                let key = Array(key)
                guard let mark = Self.mark(key) else { continue }
                guard mark == .opaque || mark == .redirect else { continue }
                let path = key.map { CChar(bitPattern: $0) } + [0]
                guard let value = try directory.attribute(name.path, path) else { continue }
                if mark == .redirect {
                    if key.starts(with: self.marks.prefix) { marks.redirect = value }
                } else if value == [0x79] {
                    marks.opaque = true
                } else if value == [0x78] {
                    marks.attributeWhiteouts = true
                }
            }
        }
        if !marks.opaque, configuration.whiteouts != .device {
            marks.opaque = try hasOpaqueFile(directory, name)
        }
        return marks
    }

    /// `.wh..wh..opq` inside it, as fuse-overlayfs and unpacked layers have it.
    private func hasOpaqueFile(_ directory: FD, _ name: Name) throws(Errno) -> Bool {
        let suffix: StaticString = "/.wh..wh..opq"
        return try withUnsafeTemporaryAllocationThrowing(byteCount: name.count + 16) { (buffer) throws(Errno) in
            guard let base = buffer.baseAddress else { return false }
            memcpy(base, name.path, name.count)
            memcpy(base + name.count, suffix.utf8Start, 14)
            do throws(Errno) {
                _ = try directory.status(base.assumingMemoryBound(to: CChar.self))
                return true
            } catch {
                if error == .io { throw error }
                return false
            }
        }
    }

    private func hasOverlayName(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int) -> Bool {
        guard count >= 8 else { return false }
        // Every name that is read has "overlay" before a dot: "rlay" is rare enough to be the first test.
        for index in 0...(count - 4) where buffer.loadUnaligned(fromByteOffset: index, as: UInt32.self) == 0x7961_6c72 {
            return true
        }
        return false
    }

    /// Which of our marks an attribute's name is, in any namespace that is read.
    static func mark(_ key: [UInt8]) -> Mark? {
        for prefix in ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs."] where key.starts(with: prefix.utf8) {
            return Mark(rawValue: String(decoding: key.dropFirst(prefix.utf8.count), as: UTF8.self))
        }
        return nil
    }

    /// A layer's root may itself be marked opaque `x`.
    func readRootMarks(_ directory: LayerDirectory) {
        let fd = FD(directory.pointee.descriptor)
        for prefix in ["trusted.overlay.opaque", "user.overlay.opaque"] {
            let key = prefix.utf8.map { CChar(bitPattern: $0) } + [0]
            if let value = try? fd.attribute("", key), value == [0x78] { directory.pointee.attributeWhiteouts = true }
        }
    }

    /// Whether an empty regular file stands for a whiteout, by attribute (overlayfs.rst, "whiteouts and opaque directories").
    func isAttributeWhiteout(_ directory: FD, _ name: Name) -> Bool {
        for prefix in ["trusted.overlay.whiteout", "user.overlay.whiteout"] {
            let key = prefix.utf8.map { CChar(bitPattern: $0) } + [0]
            if let value = try? directory.attribute(name.path, key), value != nil as [UInt8]? { return true }
        }
        return false
    }
}

/// `withUnsafeTemporaryAllocation` for bodies that throw an ``Errno``.
func withUnsafeTemporaryAllocationThrowing<Result>(
    byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Errno) -> Result
) throws(Errno) -> Result {
    let outcome: Swift.Result<Result, Errno> = withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) {
        buffer in
        do throws(Errno) {
            return .success(try body(buffer))
        } catch {
            return .failure(error)
        }
    }
    return try outcome.get()
}
