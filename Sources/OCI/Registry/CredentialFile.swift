import Linux

/// One file of credentials: Docker's `config.json` or containers-auth.json(5), which have the same form. What else is in
/// it stays as it is.
struct CredentialFile {
    let path: [UInt8]
    private(set) var content: JSONObject

    /// An empty one where the file is missing.
    ///
    /// - Throws: ``CredentialError`` for a file that cannot be read or is no JSON object.
    init(_ path: [UInt8]) throws(CredentialError) {
        self.path = path
        let bytes: [UInt8]
        do throws(Errno) { bytes = try FD.workingDirectory.contents(of: path.cPath, atMost: 16 << 20) } catch {
            guard error == .noEntry || error == .notDirectory else { throw Self.failure("read", path, error) }
            content = JSONObject()
            return
        }
        do throws(DocumentError) {
            content = try Fields(bytes.isEmpty ? .object(JSONObject()) : JSONParser.parse(bytes)).rest
        } catch {
            throw Self.failure("read", path, error)
        }
    }

    static func failure(_ verb: String, _ path: [UInt8], _ cause: any Error) -> CredentialError {
        CredentialError("\(verb) \(printable(String(decoding: path, as: UTF8.self))): \(cause)")
    }

    private func object(_ key: String) -> JSONObject {
        guard case .object(let object) = content[key] else { return JSONObject() }
        return object
    }

    private static func text(_ object: JSONObject, _ key: String) -> String? {
        guard case .string(let text) = object[key], !text.isEmpty else { return nil }
        return text
    }

    /// The program that keeps this registry's credentials: `docker-credential-NAME`.
    func helper(for key: String) -> String? {
        Self.text(object("credHelpers"), key) ?? Self.text(content, "credsStore")
    }

    /// - Throws: ``CredentialError`` for an entry that cannot be read.
    func credential(for key: String) throws(CredentialError) -> Credential? {
        guard case .object(let entry) = object("auths")[key] else { return nil }
        if let token = Self.text(entry, "identitytoken") { return .identityToken(token) }
        if let auth = Self.text(entry, "auth") {
            guard let bytes = Base64.decode(auth), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
                throw Self.failure(
                    "read", path, CredentialError("the entry \"\(printable(key))\" is not user:password in Base64"))
            }
            var password = bytes[(colon + 1)...]
            // Docker once padded them with NUL.
            while password.last == 0 { password = password.dropLast() }
            return .basic(
                user: String(decoding: bytes[..<colon], as: UTF8.self),
                password: String(decoding: password, as: UTF8.self))
        }
        guard let user = Self.text(entry, "username"), let password = Self.text(entry, "password") else { return nil }
        return .basic(user: user, password: password)
    }

    /// Puts an entry in place; nil removes it. Returns whether there was one.
    mutating func set(_ credential: Credential?, for key: String) -> Bool {
        var auths = object("auths")
        let existed = auths[key] != nil
        var entry = JSONObject()
        switch credential {
        case .basic(let user, let password): entry.put("auth", Base64.encode(Array("\(user):\(password)".utf8)))
        case .identityToken(let token):
            entry.put("auth", Base64.encode(Array("<token>:".utf8)))
            entry.put("identitytoken", token)
        case nil: break
        }
        auths[key] = credential == nil ? nil : .object(entry)
        content["auths"] = .object(auths)
        return existed
    }
}
