/// Looks for private keys and tokens in bytes of any kind.
struct SecretScanner: Sendable {
    struct Match: Equatable, Sendable {
        enum Kind: Equatable, Sendable {
            case privateKey, encryptedKey, token
            /// A key that programs carry in the open, to be told apart by the service.
            case clientKey
        }

        let kind: Kind
        /// What was found, with no more of it than tells which it is.
        let description: String
    }

    /// The patterns by the first two bytes of their prefix.
    private let starts: [UInt16: [SecretPattern]]
    /// Whether two bytes begin anything, by their number: the scan's first question.
    private let isStart: [Bool]
    private static let dashes = Array("-----BEGIN ".utf8)

    static let shared = SecretScanner()

    private init() {
        var starts: [UInt16: [SecretPattern]] = [:]
        var isStart = [Bool](repeating: false, count: 1 << 16)
        for pattern in SecretPattern.all {
            let pair = Self.pair(pattern.prefix[0], pattern.prefix[1])
            starts[pair, default: []].append(pattern)
            isStart[Int(pair)] = true
        }
        isStart[Int(Self.pair(UInt8(ascii: "-"), UInt8(ascii: "-")))] = true
        self.starts = starts
        self.isStart = isStart
    }

    private static func pair(_ first: UInt8, _ second: UInt8) -> UInt16 { UInt16(first) << 8 | UInt16(second) }

    /// What is found, each kind once, at most eight.
    func matches(in bytes: [UInt8]) -> [Match] {
        guard bytes.count > 8 else { return [] }
        var found: [Match] = []
        bytes.withUnsafeBufferPointer { buffer in
            isStart.withUnsafeBufferPointer { isStart in
                var index = 0
                while index + 1 < buffer.count {
                    let pair = Self.pair(buffer[index], buffer[index + 1])
                    if isStart[Int(pair)], let match = match(buffer, index, pair), !found.contains(match) {
                        found.append(match)
                        if found.count == 8 { return }
                    }
                    index += 1
                }
            }
        }
        return found
    }

    private func match(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ pair: UInt16) -> Match? {
        if bytes[index] == UInt8(ascii: "-") { return key(bytes, index) }
        // A token in the middle of a word is none.
        if index > 0, SecretPattern.Alphabet.url.contains(bytes[index - 1]) { return nil }
        for pattern in starts[pair] ?? [] {
            guard Self.has(pattern.prefix, bytes, at: index) else { continue }
            let start = index + pattern.prefix.count
            var end = start
            while end < bytes.count, end - start <= pattern.length.upperBound, pattern.alphabet.contains(bytes[end]) {
                end += 1
            }
            let body = bytes[start..<end]
            guard pattern.length.contains(body.count), entropy(of: body) >= pattern.entropy, !isExample(body) else {
                continue
            }
            return Match(
                kind: pattern.isOpen ? .clientKey : .token,
                description: "\(pattern.name) \(Self.shortened(Array(bytes[index..<end])))")
        }
        return nil
    }

    private static func has(_ prefix: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        guard bytes.count - index >= prefix.count else { return false }
        for offset in prefix.indices where bytes[index + offset] != prefix[offset] { return false }
        return true
    }

    /// The first few bytes, which name the service more than they betray.
    static func shortened(_ secret: [UInt8]) -> String {
        String(decoding: secret.prefix(min(8, max(1, secret.count / 3))), as: UTF8.self) + "…"
    }

    /// AWS's documentation ends its example keys so.
    private func isExample(_ body: some Collection<UInt8>) -> Bool {
        let text = String(decoding: body, as: UTF8.self).uppercased()
        return ["EXAMPLE", "XXXX", "0000000", "1234567", "ABCDEFG"].contains { text.contains($0) }
    }

    // MARK: PEM

    /// `-----BEGIN … PRIVATE KEY-----` (RFC 7468) with a key after it: programs that read keys hold the line alone.
    private func key(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Match? {
        guard Self.has(Self.dashes, bytes, at: index) else { return nil }
        let start = index + Self.dashes.count
        var end = start
        while end < bytes.count, end - start < 40, bytes[end] != UInt8(ascii: "-") { end += 1 }
        let label = String(decoding: bytes[start..<end], as: UTF8.self)
        guard label == "PRIVATE KEY" || label.hasSuffix(" PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK" else {
            return nil
        }
        let rest = bytes[end...].prefix(4096)
        guard let line = rest.firstIndex(of: 0x0a) else { return nil }
        var count = 0
        var isEncrypted = label.hasPrefix("ENCRYPTED")
        for text in rest[line...].split(separator: 0x0a).prefix(64) {
            let text = text.last == 0x0d ? text.dropLast() : text
            if text.starts(with: "-----END ".utf8) { break }
            if text.starts(with: "Proc-Type: 4,ENCRYPTED".utf8) { isEncrypted = true }
            if text.contains(UInt8(ascii: ":")) { continue }
            guard text.allSatisfy({ SecretPattern.Alphabet.base64.contains($0) || $0 == UInt8(ascii: "=") }) else {
                break
            }
            count += text.count
        }
        // The shortest key there is, of Ed25519, takes 64.
        guard count >= 60 else { return nil }
        return Match(kind: isEncrypted ? .encryptedKey : .privateKey, description: label)
    }
}
