/// A git repository, and what of it: `https://HOST/PATH.git#REF:DIRECTORY`, `git@HOST:PATH`, `?branch=…&subdir=…`
/// (docs.docker.com/build/concepts/context, "Git repositories").
public struct GitReference: Equatable, Sendable {
    /// As the git program takes it.
    public let remote: String
    /// A branch, a tag, a full name of either, or a commit; nil for what the repository's HEAD is.
    public private(set) var ref: String?
    public private(set) var subdirectory: String?
    /// The commit that it must be, or the front of it.
    public var checksum: String?
    public private(set) var keepsGitDirectory: Bool?
    public private(set) var hasSubmodules = true
    /// `github.com/OWNER/NAME`, which could be a path: a git repository as a context, and a path for `ADD`.
    public private(set) var looksLikePath = false

    /// - Returns: nil for what is no git repository but a path or an address.
    /// - Throws: ``BuildError`` for one that says what is unknown or contradicts itself.
    public init?(_ value: [UInt8]) throws(BuildError) {
        let text = String(decoding: value, as: UTF8.self)
        if text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("-") { return nil }
        // A name that is no text, or a control character, is nobody's address.
        guard Array(text.utf8) == value, !value.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return nil }
        let fragment = text.firstIndex(of: "#")
        let beforeFragment = text[..<(fragment ?? text.endIndex)]
        let query = beforeFragment.firstIndex(of: "?")
        let address = String(beforeFragment[..<(query ?? beforeFragment.endIndex)])
        guard let remote = Self.remote(address) else { return nil }
        self.remote = remote.text
        looksLikePath = remote.looksLikePath
        if let fragment {
            let parts = text[text.index(after: fragment)...].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            ref = parts.first.flatMap { $0.isEmpty ? nil : String($0) }
            subdirectory = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
        }
        if let query { try read(query: beforeFragment[beforeFragment.index(after: query)...], value) }
        // The program would take it for an option.
        for word in [ref, checksum].compactMap(\.self) where word.hasPrefix("-") {
            throw BuildError("read git reference", value, "\"\(word)\" is no name of a commit")
        }
    }

    private static func remote(_ address: String) -> (text: String, looksLikePath: Bool)? {
        if address.hasPrefix("github.com/") { return ("https://\(address)", true) }
        if address.hasPrefix("git://") || address.hasPrefix("ssh://") { return (address, false) }
        if address.hasPrefix("http://") || address.hasPrefix("https://") {
            return address.hasSuffix(".git") ? (address, false) : nil
        }
        // USER@HOST:PATH, as scp(1) has it.
        guard let at = address.firstIndex(of: "@"), let colon = address[at...].firstIndex(of: ":") else { return nil }
        let user = address[..<at]
        let host = address[address.index(after: at)..<colon]
        guard !user.isEmpty, user.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }),
            !host.isEmpty, !host.contains("/"), address.index(after: colon) < address.endIndex
        else { return nil }
        return (address, false)
    }

    private mutating func read(query: Substring, _ value: [UInt8]) throws(BuildError) {
        func refuse(_ cause: String) -> BuildError { BuildError("read git reference", value, cause) }
        var fields: [String: String] = [:]
        for field in query.split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard fields[name] == nil else { throw refuse("query \"\(name)\" has multiple values") }
            let text = parts.count > 1 ? PercentEncoding.decoded(Array(parts[1].utf8)) : []
            fields[name] = String(decoding: text, as: UTF8.self)
        }
        for (name, text) in fields.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "submodules", "keep-git-dir":
                guard let truth = text.isEmpty ? true : Self.truth(text) else {
                    throw refuse("invalid \(name) value: \"\(text)\"")
                }
                if name == "submodules" { hasSubmodules = truth } else { keepsGitDirectory = truth }
            case "ref", "tag", "branch", "subdir", "checksum", "commit":
                guard !text.isEmpty else { throw refuse("query \"\(name)\" has no value") }
            default: throw refuse("unexpected query \"\(name)\"")
            }
        }
        guard fields["tag"] == nil || fields["branch"] == nil else { throw refuse("branch conflicts with tag") }
        let full = { (text: String?, prefix: String) in text.map { $0.hasPrefix(prefix) ? $0 : prefix + $0 } }
        for name in [fields["ref"], full(fields["tag"], "refs/tags/"), full(fields["branch"], "refs/heads/")] {
            guard let name else { continue }
            guard ref == nil || ref == name else { throw refuse("ref conflicts: \"\(ref ?? "")\" vs \"\(name)\"") }
            ref = name
        }
        if let directory = fields["subdir"] {
            guard subdirectory == nil || subdirectory == directory else {
                throw refuse("subdir conflicts: \"\(subdirectory ?? "")\" vs \"\(directory)\"")
            }
            subdirectory = directory
        }
        checksum = fields["checksum"] ?? fields["commit"]
    }

    private static func truth(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "True", "TRUE": true
        case "0", "f", "F", "false", "False", "FALSE": false
        default: nil
        }
    }
}

/// `%XX` (RFC 3986, section 2.1).
enum PercentEncoding {
    /// What is no encoded byte stays as it is.
    static func decoded(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
                let byte = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}
