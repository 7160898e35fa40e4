internal import OCI

/// Files in which programs keep the passwords they log in with.
enum CredentialsFile {
    /// What kind of such a file it is, if it holds a password; nil for all else, and for empty and example ones.
    static func form(of path: [UInt8], _ content: [UInt8]) -> String? {
        let parts = path.split(separator: 0x2f).suffix(2).map { String(decoding: $0, as: UTF8.self) }
        guard let name = parts.last, content.count <= 64 << 10 else { return nil }
        let parent = parts.count > 1 ? parts[0] : ""
        switch (parent, name) {
        case (_, ".netrc"), (_, "_netrc"): return hasNetrcPassword(content) ? "passwords of .netrc" : nil
        case (_, ".git-credentials"):
            return SecretText.problem(in: text(content)) != nil ? "passwords of git" : nil
        case (_, ".pgpass"): return lines(content).contains { isPgpass($0) } ? "passwords of PostgreSQL" : nil
        case (_, ".npmrc"):
            return hasSetting(["_authToken", "_auth", "_password"], content) ? "a password of npm" : nil
        case (_, ".pypirc"), (_, "pip.conf"):
            let isThere = hasSetting(["password"], content) || SecretText.problem(in: text(content)) != nil
            return isThere ? "a password of a package index" : nil
        case (".aws", "credentials"):
            return hasSetting(["aws_secret_access_key"], content) ? "an AWS secret key" : nil
        case (".docker", "config.json"), (_, ".dockercfg"), ("containers", "auth.json"):
            return hasRegistryLogin(content) ? "logins of registries" : nil
        case (".kube", "config"):
            return hasSetting(["token", "client-key-data", "password"], content) ? "credentials of a cluster" : nil
        case (_, let name) where name == ".env" || name.hasPrefix(".env.") || name.hasSuffix(".env"):
            let isExample = [".example", ".sample", ".template", ".dist"].contains { name.hasSuffix($0) }
            return isExample
                ? nil
                : lines(content).lazy.compactMap(setting).compactMap {
                    SecretText.problem(name: $0.name, value: $0.value)
                }.first
        default: return nil
        }
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
                if value.utf8.count >= 4, !value.hasPrefix("$"), !value.hasPrefix("<") { return true }
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
