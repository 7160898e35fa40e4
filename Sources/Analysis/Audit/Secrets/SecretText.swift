/// Secrets in short texts that people write: variables, labels, lines of a history, settings.
enum SecretText {
    /// What is wrong with `NAME=VALUE`; nil where nothing is.
    static func problem(name: String, value: String) -> String? {
        if let found = problem(in: value) { return "\(oneLine(name, atMost: 60)): \(found)" }
        guard isSecretName(name), isSecretValue(value) else { return nil }
        return "\(oneLine(name, atMost: 60)): a value that looks like a password or token"
    }

    /// A token, a key, or a password in a URL, in any text.
    static func problem(in text: String) -> String? {
        let bytes = Array(text.utf8.prefix(1 << 20))
        if let match = SecretScanner.shared.matches(in: bytes).first { return match.description }
        if let host = hostOfPassword(in: bytes) { return "a password in a URL of \(oneLine(host, atMost: 60))" }
        return nil
    }

    /// `NAME=VALUE` and `--NAME VALUE` within a command line.
    static func problem(inCommand text: String) -> String? {
        if let found = problem(in: text) { return found }
        let words = text.prefix(1 << 16).split { " \t\n|&;\"'()".contains($0) }
        for word in words {
            guard let sign = word.firstIndex(of: "=") else { continue }
            let name = word[..<sign].drop { $0 == "-" }
            if let found = problem(name: String(name), value: String(word[sign...].dropFirst())) { return found }
        }
        return nil
    }

    /// A command line without the words that hold secrets: a report must not give away what it warns of.
    static func masked(_ command: String) -> String {
        guard problem(inCommand: command) != nil else { return command }
        let words = command.prefix(1 << 16).split(separator: " ", omittingEmptySubsequences: false)
        let masked = words.map { word -> Substring in
            guard problem(inCommand: String(word)) != nil else { return word }
            guard let sign = word.firstIndex(of: "=") else { return "…" }
            return word[...sign] + "…"
        }
        let text = masked.joined(separator: " ")
        return problem(inCommand: text) == nil ? text : "…"
    }

    // MARK: Names and values

    private static let words: Set<String> = [
        "password", "passwd", "passphrase", "secret", "token", "pwd", "pass", "apikey",
    ]
    private static let pairs: Set<String> = [
        "api_key", "access_key", "secret_key", "private_key", "auth_key", "client_key", "encryption_key", "account_key",
    ]

    /// Whether a name says that its value is secret, and not where it is or how it is checked.
    static func isSecretName(_ name: String) -> Bool {
        var parts: [String] = []
        var part = ""
        var wasLower = false
        for scalar in name.unicodeScalars.prefix(128) {
            let isUpper = scalar.properties.isUppercase
            let isWord = scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
            if !isWord || isUpper && wasLower {
                if !part.isEmpty { parts.append(part.lowercased()) }
                part = ""
            }
            if isWord { part.unicodeScalars.append(scalar) }
            wasLower = isWord && !isUpper
        }
        if !part.isEmpty { parts.append(part.lowercased()) }
        guard let last = parts.last else { return false }
        // A file, a URL, a length of a secret are none.
        let about: Set<String> = [
            "file", "path", "dir", "url", "uri", "name", "length", "len", "ttl", "expiry", "policy", "type",
            "algorithm",
            "header", "field", "prefix", "id", "version", "sha256", "checksum", "fingerprint", "hash", "min", "max",
            "hasher", "hashers", "provider", "manager", "store", "backend", "service", "endpoint", "host", "port",
            "format",
            "mode", "enabled", "required", "age", "days", "rounds", "cookie", "attribute", "parameter", "env", "source",
        ]
        if about.contains(last) { return false }
        if parts.contains(where: { words.contains($0) }) { return true }
        return zip(parts, parts.dropFirst()).contains { pairs.contains("\($0)_\($1)") }
    }

    /// Whether a value may be what its name says: no variable, no placeholder, no path, no word that everybody writes.
    static func isSecretValue(_ value: String) -> Bool {
        var bytes = Array(value.utf8)
        if bytes.count > 2, let first = bytes.first, first == bytes.last, first == 0x22 || first == 0x27 {
            bytes = Array(bytes.dropFirst().dropLast())
        }
        guard (6...4096).contains(bytes.count), !bytes.contains(UInt8(ascii: "$")) else { return false }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        let placeholders = [
            "changeme", "change_me", "change-me", "change this", "example", "placeholder", "password", "secret", "your",
            "xxxx", "dummy", "insert", "redacted", "todo", "none", "null", "true", "false", "****", "<", "{{", "%(",
        ]
        if placeholders.contains(where: { text.hasPrefix($0) || text == $0 }) || text.hasPrefix("/") { return false }
        if text.contains("://") { return false }
        return entropy(of: bytes) >= (bytes.count < 12 ? 2.2 : 2.8)
    }

    // MARK: URLs

    /// The host of the first `scheme://user:password@host`.
    private static func hostOfPassword(in bytes: [UInt8]) -> String? {
        var index = 0
        while let colon = bytes[index...].firstIndex(of: UInt8(ascii: ":")) {
            index = colon + 1
            guard bytes[index...].starts(with: "//".utf8) else { continue }
            let authority = bytes[(index + 2)...].prefix(512).prefix {
                $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != 0x22 && $0 != 0x27 && $0 != UInt8(ascii: "<")
            }
            guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
                let separator = authority[..<at].firstIndex(of: UInt8(ascii: ":")), separator > authority.startIndex
            else { continue }
            let password = String(decoding: authority[(separator + 1)..<at], as: UTF8.self)
            let known = ["pass", "password", "pwd", "secret", "token", "user", "xxx", "..."]
            guard password.utf8.count >= 3, !known.contains(password.lowercased()), !password.contains("$"),
                !password.hasPrefix("{"), !password.hasPrefix("%"), !password.hasPrefix("*"), !password.hasPrefix("[")
            else { continue }
            return String(decoding: authority[(at + 1)...], as: UTF8.self)
        }
        return nil
    }
}
