internal import OCI

/// Looks at the files of one layer for secrets, and keeps the few whose content the audit reads whole.
struct AuditVisitor: LayerVisitor {
    struct Secret: Sendable {
        let path: [UInt8]
        let match: SecretScanner.Match
    }

    private(set) var secrets: [Secret] = []
    /// Files of credentials by their form, with what gives them away.
    private(set) var credentials: [(path: [UInt8], form: String)] = []
    /// Lists of accounts, by path.
    private(set) var accounts: [[UInt8]: [UInt8]] = [:]
    private var content: [UInt8] = []
    private let ignored: [[UInt8]]

    /// Of each file so much is looked at; of lists of accounts too.
    static let limit = 1 << 20
    /// What is kept of one layer, so that no image can ask for more memory than that.
    private static let mostSecrets = 1000

    static let accountFiles: Set<[UInt8]> = Set(["etc/passwd", "etc/shadow", "etc/group"].map { Array($0.utf8) })

    /// - Parameter ignored: paths that are not looked at, with all beneath them.
    init(ignoring ignored: [[UInt8]]) { self.ignored = ignored }

    mutating func visit(_ entry: LayerEntry) -> ContentWish {
        content.removeAll(keepingCapacity: true)
        guard entry.kind == .file, entry.size > 0, secrets.count < Self.mostSecrets else { return .nothing }
        if Self.accountFiles.contains(entry.path) { return .first(Int64(Self.limit)) }
        if PublicPlace.contains(entry.path) || PathList.contains(entry.path, in: ignored) { return .nothing }
        return .first(Int64(Self.limit))
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        // Holes are zeros, which hold nothing: what comes after them need not be where it was.
        guard content.count < Self.limit else { return }
        if offset > Int64(content.count) { content.append(0) }
        content.append(contentsOf: bytes.prefix(Self.limit - content.count))
    }

    mutating func end(_ entry: LayerEntry) {
        guard entry.kind == .file, !content.isEmpty else { return }
        if Self.accountFiles.contains(entry.path) {
            accounts[entry.path] = content
            return
        }
        for match in SecretScanner.shared.matches(in: content) {
            secrets.append(Secret(path: entry.path, match: match))
        }
        if credentials.count < Self.mostSecrets, let form = CredentialsFile.form(of: entry.path, content) {
            credentials.append((entry.path, form))
        }
    }
}

/// Places whose keys and tokens are everybody's: documentation, tests and examples of installed software, certificates.
enum PublicPlace {
    private static let roots = ["usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/include/"].map {
        Array($0.utf8)
    }
    private static let parts: Set<[UInt8]> = Set(
        ["test", "tests", "testdata", "test-data", "fixtures", "examples", "__pycache__", "testing"].map {
            Array($0.utf8)
        })

    static func contains(_ path: [UInt8]) -> Bool {
        if roots.contains(where: { path.starts(with: $0) }) { return true }
        guard path.starts(with: "usr/".utf8) || path.starts(with: "opt/".utf8) || hasPackageDirectory(path) else {
            return false
        }
        return path.split(separator: 0x2f).dropLast().contains { parts.contains(Array($0)) }
    }

    /// Where package managers of languages put other people's code, and Python its own tests.
    private static func hasPackageDirectory(_ path: [UInt8]) -> Bool {
        path.split(separator: 0x2f).dropLast().contains { part in
            packageDirectories.contains(Array(part)) || part.starts(with: "python".utf8) && part.contains(0x2e)
        }
    }

    private static let packageDirectories: Set<[UInt8]> = Set(
        ["node_modules", "site-packages", "dist-packages", "gems", "vendor", "mod", "third_party"].map {
            Array($0.utf8)
        })

    /// Whether a file was most probably installed by a package manager, and is in everybody's hands.
    static func isInstalled(_ path: [UInt8]) -> Bool {
        path.starts(with: "usr/lib/".utf8) || path.starts(with: "usr/share/".utf8) || hasPackageDirectory(path)
    }
}

/// Lists of paths that stand for all beneath them.
enum PathList {
    static func contains(_ path: [UInt8], in list: [[UInt8]]) -> Bool {
        list.contains { entry in
            path.starts(with: entry) && (path.count == entry.count || path[entry.count] == 0x2f)
        }
    }

    /// Paths as people write them, without slashes at either end.
    static func normalized(_ paths: [String]) -> [[UInt8]] {
        paths.map { $0.split(separator: "/").filter { $0 != "." }.joined(separator: "/") }.filter { !$0.isEmpty }
            .map { Array($0.utf8) }
    }
}
