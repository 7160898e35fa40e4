public import Linux
internal import OCI

/// Who a container's process is: what `USER` and `--user` name, by the image's own files.
public struct ImageUser: Equatable, Sendable {
    public var uid: UInt32 = 0
    public var gid: UInt32 = 0
    /// Supplementary ones.
    public var groups: [UInt32] = []
    public var home = "/"

    public init() {}

    /// - Parameters:
    ///   - text: `USER[:GROUP]`, names or numbers (image-spec config.md, "User"); empty is root.
    ///   - root: the image's root directory, of which `etc/passwd` and `etc/group` are read.
    /// - Throws: ``ContainerError`` for a name that the files lack.
    public init(_ text: String, in root: FD) throws(ContainerError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.first.map { $0.isEmpty ? "0" : $0 } ?? "0"
        let passwd = Self.lines(of: "etc/passwd", in: root).filter { $0.count >= 7 }
        let group = Self.lines(of: "etc/group", in: root).filter { $0.count >= 4 }
        let number = UInt32(name)
        let entry = passwd.first { $0[0] == name } ?? passwd.first { number != nil && UInt32($0[2]) == number }
        guard let id = entry.flatMap({ UInt32($0[2]) }) ?? number else {
            throw ContainerError(.missing, "find user \(printable(name)): the image's /etc/passwd has none")
        }
        uid = id
        home = entry.map { $0[5] }.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        if parts.count == 2, !parts[1].isEmpty {
            let entry = group.first { $0[0] == parts[1] }
            guard let id = entry.flatMap({ UInt32($0[2]) }) ?? UInt32(parts[1]) else {
                throw ContainerError(.missing, "find group \(printable(parts[1])): the image's /etc/group has none")
            }
            gid = id
        } else {
            gid = entry.flatMap { UInt32($0[3]) } ?? 0
            if let member = entry?[0] {
                groups = group.filter { $0[3].split(separator: ",").contains(Substring(member)) }
                    .compactMap { UInt32($0[2]) }
            }
        }
    }

    /// Him, or root where this namespace has no other ids: his home and nothing else of his then.
    public var available: ImageUser {
        guard UserNamespace.ids == 1 else { return self }
        var root = ImageUser()
        root.home = home
        return root
    }

    private static func lines(of path: String, in root: FD) -> [[String]] {
        guard let file = try? root.open(path, [.readOnly, .nonBlocking], resolve: .inRoot),
            (try? file.fd.status().isRegular) == true, let bytes = try? file.fd.remainder(atMost: 16 << 20)
        else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
