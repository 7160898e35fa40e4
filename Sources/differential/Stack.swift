/// One object of a layer, as it is made on disk.
struct Entry {
    enum Kind {
        case directory(opaque: Bool)
        case file(Content)
        case symlink(Bytes)
        /// Another name in the same layer of the file that was made first.
        case hardLink(Bytes)
        case fifo
        case socket
        case device(character: Bool, major: UInt32, minor: UInt32)
        /// A 0/0 device; or, in a lower, an empty file with an attribute in a directory marked `x` (Linux 6.7).
        case whiteout(byAttribute: Bool)
    }

    var path: Bytes
    var kind: Kind
    var mode: UInt32 = 0o644
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var mtime: Int64 = 1_000_000_000
    var xattrs: [Xattr] = []

    var isDirectory: Bool {
        if case .directory = kind { return true }
        return false
    }
}

struct Xattr: Equatable {
    var name: Bytes
    var value: Bytes

    var shown: String { name.shown + "=" + hexadecimal(value) }
}

/// What a file holds: pieces of data, and holes between them.
struct Content {
    var size: Int
    var pieces: [(offset: Int, payload: Payload)]
}

/// A directory tree, parents before what is in them. The first entry is the root, with an empty path.
struct Layer {
    var entries: [Entry]
    /// On a file system of its own, a tmpfs.
    var isForeign = false

    func entry(at path: Bytes) -> Entry? {
        entries.first { $0.path == path }
    }
}

/// What is mounted: lowers from top to bottom, and what an upper holds before.
struct Stack {
    var lowers: [Layer]
    var upper: Layer

    var count: Int { lowers.reduce(upper.entries.count) { $0 + $1.entries.count } }
}

extension Entry {
    var shown: String {
        var text = path.isEmpty ? "/" : path.shown
        switch kind {
        case .directory(let opaque): text += " dir" + (opaque ? " OPAQUE" : "")
        case .file(let content):
            text += " file \(content.size)"
            let pieces = content.pieces.map { "\($0.offset)+\($0.payload.length)" }
            if content.pieces.count != 1 || content.pieces[0].payload.length != content.size {
                text += " data[\(pieces.joined(separator: " "))]"
            }
        case .symlink(let target): return text + " -> " + target.shown
        case .hardLink(let first): return text + " = " + first.shown
        case .fifo: text += " fifo"
        case .socket: text += " socket"
        case .device(let character, let major, let minor): text += " \(character ? "char" : "block") \(major):\(minor)"
        case .whiteout(let byAttribute): return text + " WHITEOUT" + (byAttribute ? " by attribute" : "")
        }
        text += " " + octal(mode)
        if uid != 0 || gid != 0 { text += " \(uid):\(gid)" }
        for xattr in xattrs { text += " [" + xattr.shown + "]" }
        return text
    }
}

extension Stack {
    /// The stack as lines of text, the top layer first.
    var shown: [String] {
        var lines: [String] = []
        func add(_ title: String, _ layer: Layer) {
            lines.append(title + ":")
            for entry in layer.entries { lines.append("  " + entry.shown) }
        }
        add("upper", upper)
        for (index, layer) in lowers.enumerated() {
            add("lower \(index)\(layer.isForeign ? " (on tmpfs)" : "")", layer)
        }
        return lines
    }
}
