internal import CLinux
internal import Linux

/// The extended attributes of one object of a layer directory, sorted into what an image carries and what the overlay means by them.
package struct ObjectAttributes {
    /// What a layer's tar carries, by name: `user.*`, capabilities and ACLs. Labels of security modules, signatures and `trusted.*`
    /// belong to one machine or one privilege, and would make the same tree differ.
    var kept: [TarEntry.Attribute] = []
    var isOpaque = false
    /// An empty file with this mark is a whiteout (Linux 6.7).
    var isWhiteout = false
    /// The file's data is in a lower (overlayfs.rst, "Metadata only copy up").
    var isMetacopy = false
    var redirect: [UInt8]?
    /// SEMANTICS 9.5.
    var owner: RecordedOwner?

    static let privatePrefixes = ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs."].map { Array($0.utf8) }
    private static let ownerNames = ["user.containers.override_stat", "security.fuseoverlayfs.override_stat"]

    /// One call where there are none. An empty name is the directory itself.
    init(_ directory: FD, _ name: CPath) throws(Errno) {
        let list = try directory.attributeNames(name)
        if list.isEmpty { return }
        for key in list.split(separator: 0).map(Array.init).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let isOwner = Self.ownerNames.contains { $0.utf8.elementsEqual(key) }
            let prefix = Self.privatePrefixes.first { key.starts(with: $0) }
            guard isOwner || prefix != nil || Self.isCarried(key) else { continue }
            // Gone since it was listed: as if it had not been there.
            guard let value = try directory.attribute(name, path(key)) else { continue }
            if isOwner {
                owner = owner ?? RecordedOwner(value)
            } else if let prefix {
                take(mark: key.dropFirst(prefix.count), value)
            } else {
                kept.append(TarEntry.Attribute(name: key, value: value))
            }
        }
    }

    /// Whether an attribute is part of an image.
    package static func isCarried(_ key: [UInt8]) -> Bool {
        if privatePrefixes.contains(where: { key.starts(with: $0) }) { return false }
        if ownerNames.contains(where: { $0.utf8.elementsEqual(key) }) { return false }
        return key.starts(with: "user.".utf8) || key.elementsEqual("security.capability".utf8)
            || key.starts(with: "system.posix_acl_".utf8)
    }

    private mutating func take(mark: ArraySlice<UInt8>, _ value: [UInt8]) {
        switch String(decoding: mark, as: UTF8.self) {
        case "opaque": if value == [UInt8(ascii: "y")] { isOpaque = true }
        case "whiteout": isWhiteout = true
        case "metacopy": isMetacopy = true
        case "redirect": redirect = value
        default: break
        }
    }
}
