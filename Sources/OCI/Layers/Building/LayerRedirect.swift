internal import Linux

/// Where an object was before it was renamed (overlayfs.rst, "redirect_dir"): a path from the root, or a name in the same directory.
enum LayerRedirect: Equatable {
    case path([UInt8])
    case name([UInt8])

    /// - Throws: EIO for anything else.
    init(_ value: [UInt8]) throws(Errno) {
        let parts = value.split(separator: UInt8(ascii: "/"))
        let sound = parts.allSatisfy { $0 != [0x2e] && $0 != [0x2e, 0x2e] && !$0.contains(0) }
        guard sound, !parts.isEmpty else { throw Errno.io }
        if value.first == UInt8(ascii: "/") {
            self = .path(Array(parts.joined(separator: [UInt8(ascii: "/")])))
        } else {
            guard parts.count == 1 else { throw Errno.io }
            self = .name(value)
        }
    }
}
