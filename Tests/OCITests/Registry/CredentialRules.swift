import CLinux
import Linux
import OCI
import Testing

/// Where credentials come from and go to.
@Suite struct CredentialRules {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func store(_ variables: [String: String] = [:]) -> CredentialStore {
        var all = ["HOME": bytes("\(directory.path)/home"), "DOCKER_CONFIG": bytes("\(directory.path)/docker")]
        for (name, value) in variables { all[name] = bytes(value) }
        return CredentialStore(Environment(all))
    }

    private func content(_ name: String) throws -> String {
        String(
            decoding: try FD.workingDirectory.contents(of: "\(directory.path)/\(name)", atMost: 1 << 20), as: UTF8.self)
    }

    private let known = Credential.basic(user: "user", password: "pass:wörd")

    @Test("what login keeps is found again, in a file that its owner alone may read, beside what was there")
    func roundTrip() async throws {
        _ = try directory.makeDirectory("docker")
        try directory.write(
            "docker/config.json",
            #"{"detachKeys":"ctrl-x","auths":{"other:1":{"auth":"YTpi","email":"e"}},"plugins":{"x":{"y":[1,2.50,null]}}}"#
        )
        let store = store()
        try await store.store(known, registry: "r.example:5000")
        #expect(try await store.credential(registry: "r.example:5000", repository: "a/b") == known)
        #expect(try await store.credential(registry: "other:1", repository: "x") == .basic(user: "a", password: "b"))
        #expect(try await store.credential(registry: "r.example", repository: "x") == nil)
        let path = "\(directory.path)/docker/config.json"
        #expect(try FD.workingDirectory.status(path).mode & 0o777 == 0o600)
        let written = try content("docker/config.json")
        for kept in ["\t\"detachKeys\": \"ctrl-x\"", "\"email\": \"e\"", "2.50"] { #expect(written.contains(kept)) }
        #expect(try await store.erase(registry: "r.example:5000"))
        #expect(try await store.erase(registry: "r.example:5000") == false)
        #expect(try await store.credential(registry: "r.example:5000", repository: "a/b") == nil)
        #expect(try await store.credential(registry: "other:1", repository: "x") != nil)
    }

    @Test("a directory that is missing is made; a symbolic link stays one")
    func places() async throws {
        try await store().store(known, registry: "a.example")
        #expect(try FD.workingDirectory.status("\(directory.path)/docker").mode & 0o777 == 0o700)
        let real = try directory.write("real.json", "{}")
        try FD.workingDirectory.makeSymlink("\(directory.path)/link.json", target: real)
        let linked = CredentialStore(file: bytes("\(directory.path)/link.json"), Environment([:]))
        try await linked.store(known, registry: "a.example")
        #expect(try FD.workingDirectory.status("\(directory.path)/link.json").isSymlink)
        #expect(try content("real.json").contains("a.example"))
    }

    @Test("many logins at once lose none")
    func together() async throws {
        let store = store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await store.store(.basic(user: "u\(number)", password: "p"), registry: "r\(number).example")
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<20 {
            #expect(
                try await store.credential(registry: "r\(number).example", repository: "")
                    == .basic(user: "u\(number)", password: "p"))
        }
    }

    @Test("files are asked in order: REGISTRY_AUTH_FILE alone, else the run-time directory before Docker's")
    func order() async throws {
        _ = try directory.makeDirectory("run")
        _ = try directory.makeDirectory("run/containers")
        _ = try directory.makeDirectory("docker")
        try directory.write("run/containers/auth.json", #"{"auths":{"r.example":{"auth":"cnVuOjE="}}}"#)
        try directory.write(
            "docker/config.json",
            #"{"auths":{"r.example":{"auth":"ZG9ja2VyOjE="},"d.example":{"auth":"ZG9ja2VyOjE="}}}"#)
        let alone = try directory.write("alone.json", #"{"auths":{"r.example":{"auth":"YWxvbmU6MQ=="}}}"#)
        let both = store(["XDG_RUNTIME_DIR": "\(directory.path)/run"])
        #expect(try await both.credential(registry: "r.example", repository: "a") == .basic(user: "run", password: "1"))
        #expect(
            try await both.credential(registry: "d.example", repository: "a") == .basic(user: "docker", password: "1"))
        let one = store(["XDG_RUNTIME_DIR": "\(directory.path)/run", "REGISTRY_AUTH_FILE": alone])
        #expect(
            try await one.credential(registry: "r.example", repository: "a") == .basic(user: "alone", password: "1"))
        #expect(try await one.credential(registry: "d.example", repository: "a") == nil)
    }

    @Test(
        "the longest path wins; Docker Hub and old addresses are known by their old names; identity tokens are told apart"
    )
    func keys() async throws {
        _ = try directory.makeDirectory("docker")
        try directory.write(
            "docker/config.json",
            """
            {"auths":{"r.example":{"auth":"YTox"},"r.example/team":{"auth":"Yjox"},"r.example/team/app":{"auth":"Yzox"},
            "https://index.docker.io/v1/":{"auth":"aHViOjE="},"https://old.example/v1/":{"auth":"b2xkOjE="},
            "t.example":{"auth":"PHRva2VuPjo=","identitytoken":"secret"},"u.example":{"username":"u","password":"p"},
            "empty.example":{}}}
            """)
        let store = store()
        func user(_ registry: String, _ repository: String) async throws -> String? {
            guard case .basic(let user, _) = try await store.credential(registry: registry, repository: repository)
            else {
                return nil
            }
            return user
        }
        #expect(try await user("r.example", "x") == "a")
        #expect(try await user("r.example", "teams/app") == "a")
        #expect(try await user("r.example", "team/other") == "b")
        #expect(try await user("r.example", "team/app") == "c")
        #expect(try await user("docker.io", "library/busybox") == "hub")
        #expect(try await user("old.example", "x") == "old")
        #expect(try await user("u.example", "x") == "u")
        #expect(try await store.credential(registry: "t.example", repository: "x") == .identityToken("secret"))
        #expect(try await store.credential(registry: "empty.example", repository: "x") == nil)
    }

    @Test(
        "a file that cannot be read right is named and not overwritten",
        arguments: [
            "{", "[]", #"{"auths":{"r.example":{"auth":"!"}}}"#, #"{"auths":{"r.example":{"auth":"YQ=="}}}"#,
        ])
    func broken(text: String) async throws {
        _ = try directory.makeDirectory("docker")
        try directory.write("docker/config.json", text)
        let store = store()
        do {
            _ = try await store.credential(registry: "r.example", repository: "x")
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.hasPrefix("read \(directory.path)/docker/config.json: "))
            #expect(!error.description.contains("\n"))
        }
        if !text.contains("auths") {
            await #expect(throws: CredentialError.self) { try await store.store(known, registry: "a.example") }
            #expect(try content("docker/config.json") == text)
        }
    }

    @Test("a helper is asked, told and made to forget; one that fails is named with its words")
    func helpers() async throws {
        // Keeps one file for each server, and speaks the helpers' protocol.
        let script = """
            #!/bin/sh
            cd "\(directory.path)/kept" || exit 1
            read -r line
            case $1 in
            store) name=$(echo "$line" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/' | tr / _); echo "$line" >"$name" ;;
            get) name=$(echo "$line" | tr / _); cat "$name" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
            erase) rm "$(echo "$line" | tr / _)" ;;
            esac
            """
        _ = try directory.makeDirectory("kept")
        _ = try directory.makeDirectory("docker")
        try directory.write("docker-credential-shaletest", script, mode: 0o755)
        // A helper is found by PATH; one with a slash in its name would be any program at all.
        try directory.write(
            "docker-credential-broken", "#!/bin/sh\necho 'the keychain is locked' >&2\nexit 3\n", mode: 0o755)
        try directory.write(
            "docker/config.json",
            #"{"credsStore":"shaletest","credHelpers":{"b.example":"broken","s.example":"../sh","m.example":"missing"}}"#
        )
        let store = store(["PATH": "\(directory.path):/usr/bin:/bin"])
        #expect(try await store.credential(registry: "r.example", repository: "a") == nil)
        try await store.store(known, registry: "r.example")
        #expect(try await store.credential(registry: "r.example", repository: "a") == known)
        #expect(try !content("docker/config.json").contains("auths"))
        try await store.store(.identityToken("t"), registry: "docker.io")
        #expect(try await store.credential(registry: "docker.io", repository: "a") == .identityToken("t"))
        #expect(try await store.erase(registry: "r.example"))
        #expect(try await store.credential(registry: "r.example", repository: "a") == nil)
        for (registry, cause) in [
            ("b.example", "the keychain is locked"), ("s.example", "a helper's name has no slash"), ("m.example", ""),
        ] {
            do {
                _ = try await store.credential(registry: registry, repository: "a")
                Issue.record("nothing was thrown")
            } catch {
                #expect(error.description.hasPrefix("run docker-credential-"))
                #expect(error.description.contains(cause))
                #expect(!error.description.contains("\n"))
            }
        }
    }
}
