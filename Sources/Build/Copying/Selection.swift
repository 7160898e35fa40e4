public import Dockerfile
import Linux
public import OCI

/// What a `COPY` or an `ADD` will copy, found out before anything is copied.
public struct Selection: Sendable {
    /// In the order in which they are copied.
    var items: [Item]
    /// Of all that the copy takes from its sources: names, types, modes, link targets, attributes, contents, and
    /// owners where they are kept. Not of times.
    public let digest: Digest

    /// One source, or one that a pattern matched.
    struct Item: Sendable {
        /// As messages name it.
        let source: [UInt8]
        /// What a file is called in a destination that is a directory.
        let name: [UInt8]
        let form: Form
        /// The tree that holds it, and where it is there; nil for a here-document.
        let tree: SourceTree?
        let place: [UInt8]
        /// The object itself when it is none of a directory, whose path is empty; otherwise what is below it.
        var entries: [Entry]
    }

    enum Form: Sendable, Equatable {
        case file
        /// Its content is copied, not itself.
        case directory
        /// A tar archive that is unpacked.
        case archive
        /// A here-document.
        case text([UInt8])
    }

    /// One object.
    struct Entry: Sendable {
        /// From the item.
        let path: [UInt8]
        let status: FileStatus
        /// Of a link.
        var target: [UInt8] = []
        /// A directory that is only there for what is below it.
        var isOnlyParent = false
        var attributes: [Attribute] = []
        /// Of a regular file's content.
        var digest: Digest?
        /// An earlier entry of the item that is the same file.
        var firstLink: Int?
    }

    struct Attribute: Sendable, Equatable {
        let name: [UInt8]
        let value: [UInt8]
    }

    init(_ items: [Item]) throws(BuildError) {
        self.items = items
        var hash = try FramedHash("shale selection 1")
        hash.add(items.count)
        for item in items { item.add(to: &hash) }
        digest = try hash.finish()
    }

    /// Several selections as one, in order.
    public static func joining(_ selections: [Selection]) throws(BuildError) -> Selection {
        try Selection(selections.flatMap(\.items))
    }

    /// The here-documents of an instruction, as files.
    public static func texts(_ files: [Copying.InlineFile]) throws(BuildError) -> Selection {
        var items: [Item] = []
        for file in files {
            // The name comes from a word of the Dockerfile.
            let name = file.name.pathNames.last ?? []
            guard !name.isEmpty, name != [.dot, .dot], !file.name.contains(0) else {
                throw BuildError("copy heredoc", file.name, "the name is no file's")
            }
            items.append(
                Item(source: file.name, name: name, form: .text(file.content), tree: nil, place: [], entries: []))
        }
        return try Selection(items)
    }

    public var isEmpty: Bool { items.isEmpty }
    /// How many objects there are, archives counted as one.
    public var count: Int { items.reduce(0) { $0 + max($1.entries.count, 1) } }
    /// Bytes of all files.
    public var size: Int64 {
        items.reduce(0) { $0 &+ $1.entries.reduce(0) { $0 &+ ($1.status.isRegular ? $1.status.size : 0) } }
    }
}

extension Selection.Item {
    fileprivate func add(to hash: inout FramedHash) {
        hash.add(name)
        switch form {
        case .file: hash.add(1)
        case .directory: hash.add(2)
        case .archive: hash.add(3)
        case .text(let content):
            hash.add(4)
            hash.add(content)
        }
        let keepsOwners = tree?.keepsOwners ?? false
        hash.add(keepsOwners ? 1 : 0)
        hash.add(entries.count)
        for entry in entries { entry.add(to: &hash, keepsOwners: keepsOwners) }
    }
}

extension Selection.Entry {
    fileprivate func add(to hash: inout FramedHash, keepsOwners: Bool) {
        hash.add(path)
        hash.add(UInt64(status.mode))
        hash.add(isOnlyParent ? 1 : 0)
        if keepsOwners { hash.add(UInt64(status.uid) << 32 | UInt64(status.gid)) }
        hash.add(target)
        hash.add(digest?.description ?? "")
        hash.add(firstLink ?? -1)
        hash.add(status.type == 0o020000 || status.type == 0o060000 ? status.deviceNumber : 0)
        hash.add(attributes.count)
        for attribute in attributes {
            hash.add(attribute.name)
            hash.add(attribute.value)
        }
    }
}
