import CDifferential
import Glibc

/// Why the harness itself could not go on: never a difference.
struct Failure: Error {
    var message: String

    init(_ message: String) { self.message = message }
}

/// Throws when a call that has to work did not.
@discardableResult
func must(_ result: Int32, _ what: @autoclosure () -> String) throws(Failure) -> Int32 {
    if result < 0 { throw Failure("\(what()): \(errnoName(-result))") }
    return result
}

/// Makes layers on disk.
struct StackBuilder {
    let prefix: String
    /// How whiteouts are spelt: one tree, several ways to say it.
    var spelling = Spelling()

    struct Spelling {
        /// Whiteouts and opaque marks as `.wh.` files, which the kernel does not read.
        var inNames = false
        /// Those that the stack says so of by an attribute. The kernel reads them, but then finds the directory
        /// around them not empty when it is to be removed: so only on our side.
        var byAttribute = false
    }

    func build(_ layer: Layer, at root: Bytes) throws(Failure) {
        if layer.isForeign {
            _ = root.withPath { mkdir($0, 0o755) }
            let result = root.withPath { root in "tmpfs".withCString { cd_mount($0, root, $0, 0, "mode=755") } }
            try must(result, "mount a tmpfs at \(root.shown)")
        }
        for entry in layer.entries { try make(entry, at: root.appending(entry.path)) { root.appending($0) } }
        // Times last, and from the leaves up: making something in a directory changes its time.
        for entry in layer.entries.reversed() {
            if case .hardLink = entry.kind { continue }
            if case .whiteout = entry.kind { continue }
            let path = root.appending(entry.path)
            let result = path.withPath { cd_utimens($0, entry.mtime, 0, entry.mtime, 0) }
            try must(result, "set times of \(path.shown)")
        }
    }

    private func make(_ entry: Entry, at path: Bytes, in layer: (Bytes) -> Bytes) throws(Failure) {
        switch entry.kind {
        case .directory:
            let result = path.withPath { mkdir($0, 0o700) }
            if result < 0 && errno != EEXIST { throw Failure("make \(path.shown): \(errnoName(errno))") }
        case .file(let content): try write(content, to: path)
        case .symlink(let target):
            let result = path.withPath { path in target.withPath { symlink($0, path) } }
            if result < 0 { throw Failure("link \(path.shown): \(errnoName(errno))") }
        case .hardLink(let first):
            let source = layer(first)
            try must(path.withPath { path in source.withPath { cd_link($0, path) } }, "link \(path.shown)")
            return
        case .fifo: try must(path.withPath { cd_mknod($0, S_IFIFO | 0o600, 0, 0) }, "make \(path.shown)")
        case .socket: try must(path.withPath { cd_mknod($0, S_IFSOCK | 0o600, 0, 0) }, "make \(path.shown)")
        case .device(let character, let major, let minor):
            let type = character ? S_IFCHR : S_IFBLK
            try must(path.withPath { cd_mknod($0, type | 0o600, major, minor) }, "make \(path.shown)")
        case .whiteout(let byAttribute):
            try makeWhiteout(path, byAttribute, in: layer([]))
            return
        }
        try dress(entry, at: path)
    }

    private func makeWhiteout(_ path: Bytes, _ byAttribute: Bool, in layer: Bytes) throws(Failure) {
        if spelling.inNames {
            try create(path.parentPath.appending(Bytes(".wh.") + path.lastName))
            return
        }
        let parent = path.parentPath
        // An opaque directory cannot be marked `x` besides; nor does it need whiteouts.
        if byAttribute && spelling.byAttribute && value(Bytes(prefix + "opaque"), of: parent) != Bytes("y") {
            try create(path)
            try set(Xattr(name: Bytes(prefix + "whiteout"), value: Bytes("y")), at: path)
            for marked in [parent, layer] where value(Bytes(prefix + "opaque"), of: marked) == nil {
                try set(Xattr(name: Bytes(prefix + "opaque"), value: Bytes("x")), at: marked)
            }
            return
        }
        try must(path.withPath { cd_mknod($0, S_IFCHR, 0, 0) }, "make whiteout \(path.shown)")
    }

    private func create(_ path: Bytes) throws(Failure) {
        let fd = try must(path.withPath { cd_open($0, O_WRONLY | O_CREAT | O_EXCL, 0o644) }, "create \(path.shown)")
        close(fd)
    }

    private func value(_ name: Bytes, of path: Bytes) -> Bytes? {
        var buffer = Bytes(repeating: 0, count: 64)
        let count = path.withPath { path in name.withPath { cd_getxattr(path, $0, &buffer, 64) } }
        return count < 0 ? nil : Bytes(buffer[..<Int(count)])
    }

    private func dress(_ entry: Entry, at path: Bytes) throws(Failure) {
        path.withPath { path in
            _ = lchown(path, entry.uid, entry.gid)
            if case .symlink = entry.kind { return }
            _ = chmod(path, entry.mode)
        }
        for xattr in entry.xattrs { try set(xattr, at: path) }
        if case .directory(opaque: true) = entry.kind {
            if spelling.inNames {
                try create(path.appending(Bytes(".wh..wh..opq")))
                return
            }
            try set(Xattr(name: Bytes(prefix + "opaque"), value: Bytes("y")), at: path)
        }
    }

    private func set(_ xattr: Xattr, at path: Bytes) throws(Failure) {
        let result = path.withPath { path in
            xattr.name.withPath { name in cd_setxattr(path, name, xattr.value, UInt64(xattr.value.count), 0) }
        }
        try must(result, "set \(xattr.name.shown) of \(path.shown)")
    }

    private func write(_ content: Content, to path: Bytes) throws(Failure) {
        let fd = try must(path.withPath { cd_open($0, O_WRONLY | O_CREAT | O_EXCL, 0o600) }, "create \(path.shown)")
        defer { close(fd) }
        if ftruncate(fd, off_t(content.size)) < 0 { throw Failure("size \(path.shown): \(errnoName(errno))") }
        for piece in content.pieces {
            let bytes = piece.payload.bytes
            if pwrite(fd, bytes, bytes.count, off_t(piece.offset)) != bytes.count {
                throw Failure("write \(path.shown): \(errnoName(errno))")
            }
        }
    }
}

/// Deletes a tree, whatever its modes; what is not there is not missed.
func removeTree(_ path: Bytes) {
    var entries: [(name: Bytes, isDirectory: Bool)] = []
    let fd = path.withPath { cd_open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
    if fd >= 0 {
        forEachEntry(of: fd) { entries.append(($0.bytes, $0.type == UInt8(DT_DIR))) }
        close(fd)
    }
    for entry in entries {
        let child = path.appending(entry.name)
        if entry.isDirectory {
            removeTree(child)
        } else {
            _ = child.withPath { unlink($0) }
        }
    }
    if path.withPath({ rmdir($0) }) < 0 && errno == ENOTDIR { _ = path.withPath { unlink($0) } }
}
