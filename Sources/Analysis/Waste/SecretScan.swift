/// Looks for files that are secrets by their name or their first bytes: keys and stored credentials. A visitor of a layer.
struct SecretScan: LayerVisitor {
    /// By the entries' numbers.
    private(set) var found: [Int32: String] = [:]
    private var number: Int32 = -1
    private var beginning: [UInt8] = []
    private var mayBeCredentials = false

    private static let largest: Int64 = 1 << 20

    mutating func visit(_ entry: LayerEntry) -> ContentWish {
        number += 1
        beginning = []
        mayBeCredentials = false
        guard entry.kind == .file, entry.size > 0, entry.size <= Self.largest else { return .nothing }
        mayBeCredentials = CredentialsFile.isCandidate(entry.path)
        return .first(mayBeCredentials ? Int64(CredentialsFile.sizeLimit) : 64)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) { beginning += bytes }

    mutating func end(_ entry: LayerEntry) {
        guard entry.kind == .file, !beginning.isEmpty else { return }
        let kind = Self.key(beginning) ?? (mayBeCredentials ? CredentialsFile.form(of: entry.path, beginning) : nil)
        if let kind { found[number] = kind }
    }

    private static func key(_ bytes: [UInt8]) -> String? {
        let start = Array(bytes.prefix(64))
        if start.holds(keyBegin), start.holds(keyEnd) { return "private key" }
        return bytes.starts(with: putty) ? "private key" : nil
    }

    private static let keyBegin = Array("-----BEGIN".utf8)
    private static let keyEnd = Array("PRIVATE KEY-----".utf8)
    private static let putty = Array("PuTTY-User-Key-File".utf8)
}
