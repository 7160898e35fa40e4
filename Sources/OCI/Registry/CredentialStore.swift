/// Where credentials for registries are looked up, and where `login` keeps them.
public struct CredentialStore: Sendable {
    /// In the order in which they are asked.
    public let files: [[UInt8]]
    /// What `login` writes.
    public let written: [UInt8]?
    private let searchPath: [UInt8]?

    /// As Docker, Podman and skopeo look: `REGISTRY_AUTH_FILE` alone where it is set; otherwise `containers/auth.json` of
    /// `XDG_RUNTIME_DIR` and of the user's configuration, then Docker's `config.json` (`DOCKER_CONFIG`), which is written.
    public init(_ environment: Environment) {
        searchPath = environment.path("PATH")
        if let file = environment.path("REGISTRY_AUTH_FILE") {
            (files, written) = ([file], file)
            return
        }
        let home = environment.path("HOME")
        func inside(_ directory: [UInt8]?, _ name: String) -> [UInt8]? { directory.map { $0 + Array("/\(name)".utf8) } }
        let docker = inside(environment.path("DOCKER_CONFIG"), "config.json") ?? inside(home, ".docker/config.json")
        let configuration = environment.path("XDG_CONFIG_HOME") ?? inside(home, ".config")
        files = [
            inside(environment.path("XDG_RUNTIME_DIR"), "containers/auth.json"),
            inside(configuration, "containers/auth.json"), docker,
        ].compactMap(\.self)
        written = docker
    }

    /// One file for everything, as with `--authfile`.
    public init(file: [UInt8], _ environment: Environment) {
        searchPath = environment.path("PATH")
        (files, written) = ([file], file)
    }

    /// What is known for a repository: the entry of the longest path that leads to it (containers-auth.json(5)), then
    /// that of the registry. Nil where nothing is known.
    ///
    /// - Throws: ``CredentialError`` for a file that cannot be read, and for a helper that fails.
    public func credential(registry: String, repository: String) async throws(CredentialError) -> Credential? {
        for path in files {
            let file = try CredentialFile(path)
            for key in Self.keys(registry, repository) {
                if key == Self.key(registry), let helper = file.helper(for: key) {
                    if let found = try await self.helper(helper).get(key) { return found }
                }
                if let found = try file.credential(for: key) { return found }
            }
        }
        return nil
    }

    /// Keeps a credential where the configuration says: with its helper, otherwise in the file.
    public func store(_ credential: Credential, registry: String) async throws(CredentialError) {
        let path = try target()
        let key = Self.key(registry)
        if let helper = try CredentialFile(path).helper(for: key) {
            return try await self.helper(helper).store(credential, for: key)
        }
        try CredentialFile.update(path) { (file) throws(CredentialError) in
            _ = file.set(credential, for: key)
            return true
        }
    }

    /// Forgets a registry's credential in every file that has one, and in their helpers.
    ///
    /// - Returns: whether there was one.
    public func erase(registry: String) async throws(CredentialError) -> Bool {
        var existed = false
        for path in files {
            for key in Self.keys(registry, "") {
                if key == Self.key(registry), let helper = try CredentialFile(path).helper(for: key) {
                    let program = self.helper(helper)
                    if try await program.get(key) != nil {
                        try await program.erase(key)
                        existed = true
                    }
                }
                guard try CredentialFile(path).credential(for: key) != nil else { continue }
                try CredentialFile.update(path) { (file) throws(CredentialError) in file.set(nil, for: key) }
                existed = true
            }
        }
        return existed
    }

    private func helper(_ name: String) -> CredentialHelper { CredentialHelper(name: name, searchPath: searchPath) }

    private func target() throws(CredentialError) -> [UInt8] {
        guard let written else { throw CredentialError("write credentials: neither DOCKER_CONFIG nor HOME says where") }
        return written
    }

    /// Docker Hub's entry has the address of its first version.
    private static func key(_ registry: String) -> String {
        registry == Reference.defaultRegistry ? "https://index.docker.io/v1/" : registry
    }

    private static func keys(_ registry: String, _ repository: String) -> [String] {
        var keys: [String] = []
        var path = repository[...]
        while !path.isEmpty {
            keys.append("\(registry)/\(path)")
            path = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        }
        keys.append(registry)
        if registry == Reference.defaultRegistry {
            keys += [key(registry), "index.docker.io"]
        } else {
            // Older clients wrote addresses.
            keys += ["https://\(registry)", "https://\(registry)/v1/", "https://\(registry)/v2/", "http://\(registry)"]
        }
        return keys
    }
}
