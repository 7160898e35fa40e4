import CLinux
import Linux

/// POSIX ACLs in the kernel's attribute form (include/uapi/linux/posix_acl_xattr.h): version 2, then entries of
/// tag 2, permissions 2, id 4.
struct AccessControlList {
    struct Entry {
        var tag: UInt16
        var permissions: UInt16
        var id: UInt32
    }
    var entries: [Entry]

    private static let userObject: UInt16 = 1
    private static let groupObject: UInt16 = 4
    private static let mask: UInt16 = 16
    private static let other: UInt16 = 32

    init?(_ value: [UInt8]) {
        guard value.count >= 4, (value.count - 4) % 8 == 0, value[0] == 2, value[1...3].allSatisfy({ $0 == 0 }) else {
            return nil
        }
        entries = value.withUnsafeBytes { buffer in
            stride(from: 4, to: buffer.count, by: 8).map { at in
                Entry(
                    tag: UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt16.self)),
                    permissions: UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: at + 2, as: UInt16.self)),
                    id: UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)))
            }
        }
    }

    var bytes: [UInt8] {
        var result: [UInt8] = [2, 0, 0, 0]
        for entry in entries {
            withUnsafeBytes(of: entry.tag.littleEndian) { result.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.permissions.littleEndian) { result.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.id.littleEndian) { result.append(contentsOf: $0) }
        }
        return result
    }

    /// The access ACL and mode of something made with `mode` where this is the default ACL (posix_acl_create_masq).
    /// nil for the ACL where the mode says all.
    func inherited(mode: UInt32) -> (acl: AccessControlList?, mode: UInt32) {
        var copy = self
        var mode = mode
        let group = copy.entries.contains { $0.tag == Self.mask } ? Self.mask : Self.groupObject
        for (tag, shift) in [(Self.userObject, UInt32(6)), (group, 3), (Self.other, 0)] {
            guard let index = copy.entries.firstIndex(where: { $0.tag == tag }) else { continue }
            copy.entries[index].permissions &= UInt16(mode >> shift & 7)
            mode = mode & ~(7 << shift) | UInt32(copy.entries[index].permissions) << shift
        }
        return (copy.entries.count > 3 ? copy : nil, mode)
    }
}

let accessACL = "system.posix_acl_access"
private let defaultACL = "system.posix_acl_default"

extension Union {
    /// Whether what is created here takes its ACL from the directory; asked once, and again after it changed.
    func inheritsACL(_ directory: Directory, _ fd: FD) -> Bool {
        if directory.pointee.defaultACL == .unknown {
            let value = (try? fd.attribute("", defaultACL)) ?? nil
            directory.pointee.defaultACL = value == nil ? .no : .yes
        }
        return directory.pointee.defaultACL == .yes
    }

    /// Gives an object in work what it would have inherited in its directory.
    func inheritACL(_ fd: FD, _ name: CPath, from parent: FD, _ kind: NewKind, _ mode: UInt32) throws(Errno) {
        if case .symlink = kind { return }
        guard let value = try parent.attribute("", defaultACL), let list = AccessControlList(value) else { return }
        let inherited = list.inherited(mode: mode)
        if let access = inherited.acl {
            try fd.setAttribute(name, accessACL, access.bytes)
        }
        let setID = try fd.status(name).mode & 0o7000
        try fd.setMode(name, inherited.mode & 0o777 | setID | mode & 0o7000)
        if case .directory = kind { try fd.setAttribute(name, defaultACL, value) }
    }
}
