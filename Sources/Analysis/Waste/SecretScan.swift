/// Looks for files that are secrets by their name or their first bytes: keys and stored credentials. A visitor of a layer.
struct SecretScan: LayerVisitor {
    /// By the entries' numbers.
    private(set) var found: [Int32: String] = [:]
    private var number: Int32 = -1
    private var beginning: [UInt8] = []
    private var name = ""

    private static let looked: Int64 = 4096
    private static let largest: Int64 = 1 << 20

    mutating func visit(_ entry: LayerEntry) -> ContentWish {
        number += 1
        beginning = []
        name = ""
        guard entry.kind == .file, entry.size > 0, entry.size <= Self.largest else { return .nothing }
        name = Self.candidate(entry.path)
        return name.isEmpty ? .first(64) : .first(Self.looked)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) { beginning += bytes }

    mutating func end(_ entry: LayerEntry) {
        guard entry.kind == .file, !beginning.isEmpty else { return }
        if let kind = Self.key(beginning) ?? Self.credential(name, beginning) { found[number] = kind }
    }

    /// What a file is by its name; empty for most.
    private static func candidate(_ path: [UInt8]) -> String {
        let name = path.lastIndex(of: 0x2f).map { path[($0 + 1)...] } ?? path[...]
        // Most names have none of these.
        guard name.count <= 32 else { return "" }
        let text = String(decoding: name, as: UTF8.self)
        switch text {
        case "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519": return "key"
        case ".netrc", "_netrc", ".git-credentials", ".pgpass", ".npmrc", ".pypirc", ".yarnrc.yml", ".htpasswd",
            "shadow":
            return text
        case "credentials" where path.holds(Array(".aws/".utf8)): return "aws"
        case "config.json" where path.holds(Array(".docker/".utf8)): return "docker"
        case "config" where path.holds(Array(".kube/".utf8)): return "kubernetes"
        case _ where text == ".env" || text.hasPrefix(".env."): return "environment"
        default: return ""
        }
    }

    private static func key(_ bytes: [UInt8]) -> String? {
        let start = Array(bytes.prefix(64))
        if start.holds(keyBegin), start.holds(keyEnd) { return "private key" }
        return bytes.starts(with: putty) ? "private key" : nil
    }

    private static let keyBegin = Array("-----BEGIN".utf8)
    private static let keyEnd = Array("PRIVATE KEY-----".utf8)
    private static let putty = Array("PuTTY-User-Key-File".utf8)

    private static func credential(_ name: String, _ bytes: [UInt8]) -> String? {
        func has(_ text: String) -> Bool { bytes.holds(Array(text.utf8)) }
        switch name {
        case ".netrc", "_netrc": return has("password") ? "netrc passwords" : nil
        case ".git-credentials": return has("://") ? "git credentials" : nil
        case ".pgpass": return "database passwords"
        case ".npmrc", ".yarnrc.yml":
            return has("_authToken") || has("npmAuthToken") || has("_password") ? "npm token" : nil
        case ".pypirc": return has("password") ? "package index password" : nil
        case "aws": return has("aws_secret_access_key") ? "AWS credentials" : nil
        case "docker": return has("\"auth\"") || has("\"identitytoken\"") ? "registry credentials" : nil
        case "kubernetes": return has("client-key-data") || has("token:") ? "Kubernetes credentials" : nil
        case "environment":
            let words = ["SECRET", "PASSWORD", "TOKEN", "API_KEY", "PRIVATE_KEY"]
            return words.contains { has($0) } ? "environment file with secrets" : nil
        default: return nil
        }
    }
}
