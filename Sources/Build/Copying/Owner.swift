import OCI

/// Whom copied files belong to.
public struct Owner: Equatable, Sendable {
    public var uid: UInt32
    public var gid: UInt32

    public static let root = Owner(uid: 0, gid: 0)

    public init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }

    /// What `--chown=USER[:GROUP]` says: names as `/etc/passwd` and `/etc/group` of a root have them, or numbers. Without a
    /// group it is the user's main one; for a number, the group of the same number.
    ///
    /// - Parameter tree: links in it are followed inside only; its ignore rules count for nothing.
    /// - Throws: ``BuildError`` for a name that is not there, and for a number that no id is.
    public init(_ text: [UInt8], in tree: SourceTree) throws(BuildError) {
        let colon = text.firstIndex(of: UInt8(ascii: ":"))
        let user = Array(text[..<(colon ?? text.count)])
        let group = colon.map { Array(text[($0 + 1)...]) } ?? []
        guard !user.isEmpty || !group.isEmpty else { throw BuildError("find owner", text, "it is empty") }
        self = .root
        if let id = try Self.number(user) {
            self.init(uid: id, gid: id)
        } else if !user.isEmpty {
            let fields = try Self.line(of: user, in: "etc/passwd", of: tree, kind: "user")
            guard fields.count >= 4, let uid = try Self.number(fields[2]), let gid = try Self.number(fields[3]) else {
                throw BuildError("find user", user, "its line in /etc/passwd is malformed")
            }
            self.init(uid: uid, gid: gid)
        }
        if group.isEmpty { return }
        if let id = try Self.number(group) {
            gid = id
        } else {
            let fields = try Self.line(of: group, in: "etc/group", of: tree, kind: "group")
            guard fields.count >= 3, let id = try Self.number(fields[2]) else {
                throw BuildError("find group", group, "its line in /etc/group is malformed")
            }
            gid = id
        }
    }

    /// nil for what is no number.
    private static func number(_ text: [UInt8]) throws(BuildError) -> UInt32? {
        guard !text.isEmpty, text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        // The largest one means "leave it" to chown(2).
        guard let id = UInt32(String(decoding: text, as: UTF8.self)), id != .max else {
            throw BuildError("find owner", text, "no user or group has such a number")
        }
        return id
    }

    private static func line(
        of name: [UInt8], in file: String, of tree: SourceTree, kind: String
    ) throws(BuildError) -> [[UInt8]] {
        let cause = "no \(kind) of that name in /\(file)"
        let bytes = try tree.contents(of: Array(file.utf8), atMost: 64 << 20)
        let wanted = name + [UInt8(ascii: ":")]
        for line in (bytes ?? []).split(separator: UInt8(ascii: "\n")) where line.starts(with: wanted) {
            return line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { Array($0) }
        }
        throw BuildError("find \(kind)", name, cause)
    }
}
