import Glibc
public import Union

/// What `-o` says, in the spelling of mount(8), overlayfs and fuse-overlayfs.
public struct MountOptions: Sendable {
    public var union = Configuration()
    public var session = Session.Options()
    /// `fsname=` and `subtype=`, as they show in /proc/mounts (SEMANTICS 11.5).
    public var source: [UInt8] = Array("shale".utf8)
    public var subtype: [UInt8] = Array("shale".utf8)
    public var readOnly = false
    /// Whether the mount cannot be written.
    var showsReadOnly: Bool { readOnly || union.upper == nil }
    /// nil: as the caller's privileges have it (nosuid and nodev for an ordinary user).
    public var setID: Bool?
    public var devices: Bool?
    public var executable = true
    public var noAccessTimes = false
    public var allowOther: Bool?
    /// One line each: what was understood but changes nothing, or was not understood.
    public var warnings: [String] = []

    public init() {}

    /// Adds the options of one `-o` argument.
    ///
    /// - Throws: ``Refusal`` for an option that is known and refused, with the reason.
    public mutating func add(_ text: [UInt8]) throws(Refusal) {
        for item in Self.split(text, at: 0x2c) where !item.isEmpty {
            let equals = item.firstIndex(of: 0x3d)
            let key = String(decoding: item[..<(equals ?? item.endIndex)], as: UTF8.self)
            let value = equals.map { Array(item[($0 + 1)...]) }
            try add(key, value)
        }
    }

    private mutating func add(_ key: String, _ value: [UInt8]?) throws(Refusal) {
        switch key {
        case "lowerdir": try setLowers(try need(key, value))
        // One more at the bottom, taken as it is (overlayfs.rst, "Multiple lower layers").
        case "lowerdir+": union.lowers.append(try need(key, value))
        case "datadir+": union.dataLowers.append(try need(key, value))
        case "upperdir": union.upper = Self.unescaped(try need(key, value))
        case "workdir": union.work = Self.unescaped(try need(key, value))
        case "redirect_dir":
            switch try word(key, value) {
            case "on": union.redirect = .on
            case "off": union.redirect = .off
            case "follow": union.redirect = .follow
            case "nofollow": union.redirect = .nofollow
            case let other: throw Refusal("redirect_dir=\(other): must be on, off, follow or nofollow")
            }
        case "metacopy": union.metacopy = try flag(key, value)
        case "index": union.index = try flag(key, value)
        case "xino":
            // Numbers never collide here, whatever is asked for; `auto` and `on` are what is done.
            guard ["on", "off", "auto"].contains(try word(key, value)) else {
                throw Refusal("xino=\(try word(key, value)): must be on, off or auto")
            }
        case "uuid":
            guard ["on", "off", "auto", "null"].contains(try word(key, value)) else {
                throw Refusal("uuid=\(try word(key, value)): must be on, off, auto or null")
            }
        case "nfs_export":
            if try flag(key, value) { throw Refusal("nfs_export=on: a FUSE mount cannot be exported by file handle") }
        case "verity":
            switch try word(key, value) {
            case "off": break
            case "on", "require": throw Refusal("verity: digests of lower files are not checked here; use verity=off")
            case let other: throw Refusal("verity=\(other): must be off, on or require")
            }
        // Layers are reached with the server's own credentials, which is what the first asks for.
        case "override_creds": break
        case "nooverride_creds":
            throw Refusal("nooverride_creds: layers are reached with the server's credentials, never the caller's")
        case "noxattrs":
            guard try word(key, value) == "0" else {
                throw Refusal(
                    "noxattrs=\(try word(key, value)): the attributes of the layers cannot be hidden; use noxattrs=0")
            }
        case "volatile": union.volatile = true
        case "fsync":
            switch try word(key, value) {
            // fuse-overlayfs says it with a number.
            case "volatile", "0": union.volatile = true
            case "auto", "ordered", "strict", "1": break
            case let other: throw Refusal("fsync=\(other): must be volatile, auto or strict, or 0 or 1")
            }
        case "userxattr": union.userAttributes = true
        case "whiteouts":
            switch try word(key, value) {
            case "auto": union.whiteouts = .automatic
            case "device": union.whiteouts = .device
            case "file": union.whiteouts = .file
            case let other: throw Refusal("whiteouts=\(other): must be auto, device or file")
            }
        case "xattr_permissions":
            switch try word(key, value) {
            case "0": union.ownership.attribute = nil
            case "1": union.ownership.attribute = .privileged
            case "2": union.ownership.attribute = .containers
            case let other: throw Refusal("xattr_permissions=\(other): must be 0, 1 or 2")
            }
        case "squash_to_root":
            union.ownership.squashUID = 0
            union.ownership.squashGID = 0
        case "squash_to_uid": union.ownership.squashUID = try number(key, value)
        case "squash_to_gid": union.ownership.squashGID = try number(key, value)
        case "uidmapping": union.ownership.uidMapping = try ranges(key, value)
        case "gidmapping": union.ownership.gidMapping = try ranges(key, value)
        default: try addGeneral(key, value)
        }
    }

    /// Options of every mount, of FUSE, and of this program.
    private mutating func addGeneral(_ key: String, _ value: [UInt8]?) throws(Refusal) {
        switch key {
        case "ro": readOnly = true
        case "rw": readOnly = false
        case "suid": setID = true
        case "nosuid": setID = false
        case "dev": devices = true
        case "nodev": devices = false
        case "exec": executable = true
        case "noexec": executable = false
        case "noatime": noAccessTimes = true
        case "fsname": source = try need(key, value)
        case "subtype": subtype = try need(key, value)
        case "allow_other": allowOther = true
        case "allow_root": throw Refusal("allow_root: not offered; use allow_other, the kernel checks permissions")
        case "threaded": if try word(key, value) == "0" { session.threads = 1 }
        case "threads":
            let count = try number(key, value)
            guard (1...64).contains(count) else { throw Refusal("threads=\(count): must be 1 to 64") }
            session.threads = Int(count)
        case "passthrough": try use(.passthrough, flag(key, value))
        case "idle":
            switch try word(key, value) {
            case "poll": use(.idle, true)
            case "halt": use(.idle, false)
            case let other: throw Refusal("idle=\(other): must be poll or halt")
            }
        case "without":
            for name in try word(key, value).split(separator: ":") {
                guard let lever = Levers.names.first(where: { $0.key == name })?.value else {
                    let known = Levers.names.map(\.key).joined(separator: ", ")
                    throw Refusal("without=\(name): must be among \(known)")
                }
                use(lever, false)
            }
        case "immutable": session.isImmutable = true
        case "writeback": session.writeback = try flag(key, value)
        // Always so, or of no consequence here.
        case "default_permissions", "defaults", "atime", "relatime", "strictatime", "nodiratime", "diratime", "async",
            "sync",
            "dirsync", "auto", "noauto", "user", "nouser", "users", "_netdev", "nofail", "plugins", "cachedir",
            "timeout",
            "noacl", "acl", "static_nlink", "context", "fscontext", "defcontext", "rootcontext", "big_writes",
            "nonempty", "auto_unmount", "max_write", "lazytime", "clone_fd", "nofsync":
            if !["defaults", "default_permissions", "relatime", "atime", "async", "noauto", "auto", "acl"].contains(key)
            {
                warnings.append("option \(key): has no effect here")
            }
        default: warnings.append("unknown option ignored: \(printable(Array(key.utf8)))")
        }
    }

    private mutating func use(_ lever: Levers, _ isWanted: Bool) {
        if isWanted { session.levers.insert(lever) } else { session.levers.remove(lever) }
    }

    /// `A:B::C`: lowers from top to bottom, then after `::` data-only ones (SEMANTICS 1.1).
    private mutating func setLowers(_ text: [UInt8]) throws(Refusal) {
        var lowers: [[UInt8]] = []
        var data: [[UInt8]] = []
        var dataOnly = false
        let parts = Self.split(text, at: 0x3a)
        var index = 0
        while index < parts.count {
            if parts[index].isEmpty {
                // "::" is one empty part between two others.
                guard index > 0, index + 1 < parts.count, !parts[index + 1].isEmpty else {
                    throw Refusal("lowerdir=\(printable(text)): an empty path is no directory")
                }
                dataOnly = true
                index += 1
            } else if dataOnly {
                throw Refusal(
                    "lowerdir=\(printable(text)): only data-only lowers, after '::', can follow a data-only lower")
            }
            let path = Self.unescaped(parts[index])
            if dataOnly { data.append(path) } else { lowers.append(path) }
            index += 1
        }
        union.lowers = lowers
        union.dataLowers = data
    }

    /// Splits at a separator that no backslash precedes; escapes stay in the parts.
    static func split(_ text: [UInt8], at separator: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var escaped = false
        for byte in text {
            if byte == separator, !escaped {
                parts.append([])
                continue
            }
            parts[parts.count - 1].append(byte)
            escaped = byte == 0x5c && !escaped
        }
        return parts
    }

    /// `\:`, `\,` and `\\` are the characters themselves; any other backslash stays.
    static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == 0x5c, index + 1 < text.count, [0x3a, 0x2c, 0x5c].contains(text[index + 1]) { index += 1 }
            result.append(text[index])
            index += 1
        }
        return result
    }

    // MARK: Values

    private func need(_ key: String, _ value: [UInt8]?) throws(Refusal) -> [UInt8] {
        guard let value, !value.isEmpty else { throw Refusal("option \(key): needs a value") }
        guard !value.contains(0) else { throw Refusal("option \(key): a path cannot contain NUL") }
        return value
    }

    private func word(_ key: String, _ value: [UInt8]?) throws(Refusal) -> String {
        printable(try need(key, value))
    }

    private func flag(_ key: String, _ value: [UInt8]?) throws(Refusal) -> Bool {
        switch try word(key, value) {
        case "on": return true
        case "off": return false
        case let other: throw Refusal("\(key)=\(other): must be on or off")
        }
    }

    private func number(_ key: String, _ value: [UInt8]?) throws(Refusal) -> UInt32 {
        guard let number = UInt32(try word(key, value)) else {
            throw Refusal("\(key)=\(try word(key, value)): must be a number")
        }
        return number
    }

    /// `LAYER:MOUNT:COUNT[:LAYER:MOUNT:COUNT…]`, as fuse-overlayfs spells them.
    private func ranges(_ key: String, _ value: [UInt8]?) throws(Refusal) -> [IDRange] {
        let numbers = try need(key, value).split(separator: 0x3a).map { UInt32(String(decoding: $0, as: UTF8.self)) }
        guard !numbers.isEmpty, numbers.count % 3 == 0 else {
            throw Refusal("\(key)=\(try word(key, value)): must be triples of numbers, LAYER:MOUNT:COUNT")
        }
        var result: [IDRange] = []
        for start in stride(from: 0, to: numbers.count, by: 3) {
            guard let outside = numbers[start], let inside = numbers[start + 1], let count = numbers[start + 2] else {
                throw Refusal("\(key)=\(try word(key, value)): must be triples of numbers, LAYER:MOUNT:COUNT")
            }
            result.append(IDRange(inside: inside, outside: outside, count: count))
        }
        return result
    }
}
