internal import OCI

/// Files in which programs keep the passwords they log in with.
enum CredentialsFile {
    /// More of a file is not read.
    static let sizeLimit = 64 << 10

    /// Whether a file is called like one, so that its content is worth a look.
    static func isCandidate(_ path: [UInt8]) -> Bool {
        // Asked of every file: most are told by how their name begins or ends.
        let start = path.lastIndex(of: 0x2f).map { $0 + 1 } ?? 0
        guard start < path.count, path.count - start <= 32 else { return false }
        let isPossible = firstLetters.contains(path[start]) || path.ends(with: ".env")
        guard isPossible else { return false }
        let (parent, name) = names(of: path)
        switch (parent, name) {
        case (_, ".netrc"), (_, "_netrc"), (_, ".git-credentials"), (_, ".pgpass"), (_, ".npmrc"), (_, ".yarnrc.yml"),
            (_, ".pypirc"), (_, "pip.conf"), (".aws", "credentials"), (".docker", "config.json"), (_, ".dockercfg"),
            ("containers", "auth.json"), (".kube", "config"):
            return true
        default: return isEnvironment(name)
        }
    }

    /// Of the names below.
    private static let firstLetters: [UInt8] = Array("._pca".utf8)

    /// The last two parts of a path; names that are longer than any of these are nobody's.
    private static func names(of path: [UInt8]) -> (parent: String, name: String) {
        let parts = path.suffix(128).split(separator: 0x2f).suffix(2).map { String(decoding: $0, as: UTF8.self) }
        return (parts.count > 1 ? parts[0] : "", parts.last ?? "")
    }

    private static func isEnvironment(_ name: String) -> Bool {
        let isExample = [".example", ".sample", ".template", ".dist"].contains { name.hasSuffix($0) }
        return !isExample && (name == ".env" || name.hasPrefix(".env.") || name.hasSuffix(".env"))
    }

    /// What kind of such a file it is, if it holds a password; nil for all else, and for empty and example ones.
    static func form(of path: [UInt8], _ content: [UInt8]) -> String? {
        let (parent, name) = names(of: path)
        guard content.count <= sizeLimit else { return nil }
        switch (parent, name) {
        case (_, ".netrc"), (_, "_netrc"): return hasNetrcPassword(content) ? "netrc passwords" : nil
        case (_, ".git-credentials"): return SecretText.problem(in: text(content)) != nil ? "git credentials" : nil
        case (_, ".pgpass"): return lines(content).contains { isPgpass($0) } ? "database passwords" : nil
        case (_, ".npmrc"), (_, ".yarnrc.yml"):
            return hasSetting(["_authToken", "_auth", "_password", "npmAuthToken"], content) ? "npm token" : nil
        case (_, ".pypirc"), (_, "pip.conf"):
            let isThere = hasSetting(["password"], content) || SecretText.problem(in: text(content)) != nil
            return isThere ? "package index password" : nil
        case (".aws", "credentials"):
            return hasSetting(["aws_secret_access_key"], content) ? "AWS credentials" : nil
        case (".docker", "config.json"), (_, ".dockercfg"), ("containers", "auth.json"):
            return hasRegistryLogin(content) ? "registry credentials" : nil
        case (".kube", "config"):
            return hasSetting(["token", "client-key-data", "password"], content) ? "Kubernetes credentials" : nil
        default: return isEnvironment(name) ? environmentSecret(content) : nil
        }
    }

    private static func environmentSecret(_ content: [UInt8]) -> String? {
        lines(content).lazy.compactMap(setting).compactMap { SecretText.problem(name: $0.name, value: $0.value) }.first
    }

    private static func text(_ content: [UInt8]) -> String { String(decoding: content, as: UTF8.self) }

    private static func lines(_ content: [UInt8]) -> [String] {
        content.split(separator: 0x0a).prefix(4096).map { text(Array($0)) }
    }

    /// `NAME=VALUE` or `NAME: VALUE`; nil for comments.
    private static func setting(_ line: String) -> (name: String, value: String)? {
        guard !line.hasPrefix("#"), !line.hasPrefix(";"), let sign = line.firstIndex(where: { $0 == "=" || $0 == ":" })
        else { return nil }
        func trimmed(_ text: Substring) -> String {
            var text = text.drop { $0 == " " || $0 == "\t" }
            while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
            return String(text)
        }
        return (trimmed(line[..<sign]), trimmed(line[line.index(after: sign)...]))
    }

    /// A name, or the last part of one such as `//registry/:_authToken`, with a value that is no variable.
    private static func hasSetting(_ names: [String], _ content: [UInt8]) -> Bool {
        for line in lines(content) {
            for name in names {
                guard let range = line.firstRange(of: name), !line.hasPrefix("#"), !line.hasPrefix(";") else {
                    continue
                }
                let rest = line[range.upperBound...].drop { $0 == " " || $0 == "\"" }
                guard rest.first == "=" || rest.first == ":" else { continue }
                let value = rest.dropFirst().filter { !" \"'\t\r".contains($0) }
                if !value.isEmpty, !value.hasPrefix("$"), !value.hasPrefix("<") { return true }
            }
        }
        return false
    }

    private static func hasNetrcPassword(_ content: [UInt8]) -> Bool {
        let words = text(content).split { " \t\n\r".contains($0) }
        return zip(words, words.dropFirst()).contains { $0 == "password" && !$1.hasPrefix("$") }
    }

    private static func isPgpass(_ line: String) -> Bool {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        return !line.hasPrefix("#") && fields.count == 5 && !fields[4].isEmpty
    }

    private static func hasRegistryLogin(_ content: [UInt8]) -> Bool {
        guard case .object(let object)? = try? JSON(parsing: content) else { return false }
        let auths: JSONObject
        if case .object(let inner)? = object["auths"] { auths = inner } else { auths = object }
        return auths.members.contains { member in
            guard case .object(let login) = member.value else { return false }
            return ["auth", "password", "identitytoken"].contains { key in
                if case .string(let value)? = login[key] { return !value.isEmpty }
                return false
            }
        }
    }
}
