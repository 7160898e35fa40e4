internal import CLinux
internal import Containers
internal import Linux

/// Puts layers in overlay form over each other, so that one directory says what all of them say.
enum LayerMerge {
    /// Merges a layer over what `directory` has. Files become other names of the layer's: nothing is copied.
    ///
    /// - Throws: what a file system says; the directory then holds a part.
    static func merge(_ layer: [UInt8], into directory: [UInt8]) throws(Errno) {
        try UpperRoot.copy(from: layer, to: directory)
        let from = try FD.workingDirectory.open(layer.cPath, [.readOnly, .directory])
        let to = try FD.workingDirectory.open(directory.cPath, [.readOnly, .directory])
        try merge(from.fd, to.fd, depth: 0)
    }

    private static func merge(_ from: FD, _ to: FD, depth: Int) throws(Errno) {
        guard depth < 2048 else { throw Errno.nameTooLong }
        var names: [[UInt8]] = []
        try from.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        for name in names {
            let key = name.cPath
            let status = try from.status(key)
            let existing = try? to.status(key)
            guard status.isDirectory else {
                if existing != nil { try to.removeTree(key) }
                // A name that an earlier whiteout file hides is there again.
                if existing == nil { try? to.unlink((Array(".wh.".utf8) + name).cPath) }
                if name.starts(with: ".wh.".utf8) { try? to.removeTree(Array(name.dropFirst(4)).cPath) }
                try from.link(key, to: to, key)
                continue
            }
            let isOpaque = isOpaque(from, key)
            if let existing, !existing.isDirectory || isOpaque { try to.removeTree(key) }
            let isNew = existing?.isDirectory != true || isOpaque
            // What replaces something that is not a directory hides what lies below, too.
            let hides = existing != nil && existing?.isDirectory != true
            if isNew { try to.makeDirectory(key, mode: 0o700) }
            let inner = try from.open(key, [.readOnly, .directory, .noFollow])
            let target = try to.open(key, [.readOnly, .directory, .noFollow])
            try merge(inner.fd, target.fd, depth: depth + 1)
            try copyMetadata(from, to, key, status)
            if hides { try setOpaque(from, to, key) }
        }
    }

    private static let opaqueKeys = ["trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque"]

    private static func isOpaque(_ directory: FD, _ key: [CChar]) -> Bool {
        opaqueKeys.contains { (try? directory.attribute(key, $0)) == [UInt8(ascii: "y")] }
    }

    private static func setOpaque(_ from: FD, _ to: FD, _ key: [CChar]) throws(Errno) {
        do throws(Errno) { try to.setAttribute(key, opaqueKeys[0], [UInt8(ascii: "y")]) } catch {
            try to.setAttribute(key, opaqueKeys[1], [UInt8(ascii: "y")])
        }
    }

    private static func copyMetadata(
        _ from: FD, _ to: FD, _ key: [CChar], _ status: Status
    ) throws(Errno) {
        try to.setOwner(key, uid: status.uid, gid: status.gid)
        for name in try from.attributeNames(key).split(separator: 0) {
            let attribute = Array(name).cPath
            if let value = try from.attribute(key, attribute) { try to.setAttribute(key, attribute, value) }
        }
        try to.setMode(key, status.mode & 0o7777)
        try to.setTimes(
            key, access: .keep, modified: Timestamp(seconds: status.mtime_s, nanoseconds: Int64(status.mtime_ns)))
    }
}
