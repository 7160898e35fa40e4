import Analysis
import Linux
import OCI
import Testing

@Suite struct ImageAuditRules {
    private static let shadow =
        "root:$6$abcdefgh$ijklmnopqrstuvwxyz:1::::::\nempty::1::::::\nlocked:!:1::::::\nno:*:1::::::\n"
    private static let passwd = """
        root:x:0:0:root:/root:/bin/sh
        toor:x:0:0::/:/bin/sh
        a:x:100:100::/:/bin/sh
        b:x:100:101::/:/bin/sh
        a:x:102:102::/:/bin/sh
        old::103:103::/:/bin/sh

        """
    /// An Ed25519 key as OpenSSH writes it, made for this test.
    static let key = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        QyNTUxOQAAACBvuTjzv0Sx6sXhEH0ZpNoZ8mLkWqQnXbB1wqfVYQ7tSgAAAJgkSmn5JEpp
        -----END OPENSSH PRIVATE KEY-----

        """
    static let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"

    private func found(_ report: AuditReport) -> Set<String> {
        Set(
            report.findings.map { finding in
                switch finding.place {
                case .file(let path, let layer):
                    "\(finding.rule.id) \(String(decoding: path, as: UTF8.self)) \(layer.number) \(finding.severity.rawValue)"
                default: "\(finding.rule.id) \(finding.place.description) \(finding.severity.rawValue)"
                }
            })
    }

    @Test("Files: modes, capabilities, devices, accounts, left-overs, each with its layer")
    func files() async throws {
        let report = try await Workbench().audit([
            "config": ["User": "1000"],
            "layers": [
                [
                    "by": "RUN one",
                    "files": [
                        ["path": "bin/su", "mode": "4755"], ["path": "bin/own", "mode": "4755"],
                        ["path": "bin/grp", "mode": "2755"], ["path": "locking", "mode": "2644"],
                        ["path": "gone", "mode": "4755"], ["path": "mended", "mode": "4755"],
                        [
                            "path": "cap", "mode": "755",
                            "xattrs": ["security.capability": "0100000200000020000000000000000000000000"],
                        ],
                        [
                            "path": "net", "mode": "755",
                            "xattrs": ["security.capability": "0100000200040000000000000000000000000000"],
                        ],
                        ["path": "ww", "mode": "666"], ["path": "wx", "mode": "777"],
                        ["path": "wd", "type": "dir", "mode": "777"], ["path": "tmp", "type": "dir", "mode": "1777"],
                        ["path": "l", "type": "symlink", "target": "x", "mode": "777"],
                        ["path": "dev/null", "type": "char", "device": [1, 3], "mode": "666"],
                        ["path": "dev/sda", "type": "block", "device": [8, 0]],
                        ["path": "dev/mem", "type": "char", "device": [1, 1]],
                        ["path": "etc/shadow", "data": .string(Self.shadow)],
                        ["path": "var/lib/apt/lists/a", "data": "x"], ["path": "var/lib/apt/lists/lock"],
                        ["path": "root/.bash_history", "data": "x"],
                        ["path": "root/.ssh/authorized_keys", "data": "x"],
                        ["path": "srv/.git/HEAD", "data": "ref: x"], ["path": "d/below", "mode": "4755"],
                        ["path": "o/below", "mode": "4755"],
                    ],
                ],
                [
                    "by": "RUN two",
                    "files": [
                        ["path": ".wh.gone"], ["path": "mended", "mode": "755"], ["path": ".wh.d"],
                        ["path": "o/.wh..wh..opq"], ["path": "o/new", "mode": "4755"],
                        ["path": "hard", "type": "link", "target": "bin/own", "mode": "4755"],
                        ["path": "etc/passwd", "data": .string(Self.passwd)],
                    ],
                ],
            ],
        ])
        #expect(
            found(report) == [
                "set-uid bin/su 0 medium", "set-uid bin/own 0 high", "set-uid o/new 1 high", "set-uid hard 1 high",
                "set-gid bin/grp 0 medium", "file-capability cap 0 high", "file-capability net 0 low",
                "world-writable-file ww 0 medium", "world-writable-file wx 0 high",
                "world-writable-directory wd 0 medium",
                "device-node dev/null 0 info", "device-node dev/sda 0 high", "device-node dev/mem 0 medium",
                "password-empty etc/shadow 0 high", "password-empty etc/passwd 1 high",
                "password-hash etc/shadow 0 medium",
                "account-duplicate etc/passwd 1 high", "account-duplicate etc/passwd 1 low",
                "account-duplicate etc/passwd 1 medium", "package-cache var/lib/apt/lists 0 info",
                "shell-history root/.bash_history 0 low", "authorized-keys root/.ssh/authorized_keys 0 medium",
                "git-directory srv/.git 0 medium", "image-base-unrecorded config.Labels info",
            ])
        let su = try #require(
            report.findings.first { $0.message.contains("set-uid") && $0.place.instruction == "RUN two" })
        #expect(su.message.contains("mode 4755, owner 0"))
        #expect(report.findings.map(\.severity) == report.findings.map(\.severity).sorted(by: >))
    }

    @Test("Secrets: in files of every layer, removed ones too, in variables, labels and history; never shown whole")
    func secrets() async throws {
        let report = try await Workbench().audit([
            "config": [
                "User": "root:x",
                "Env": ["PATH=/bin::.", "API_TOKEN=x8Hq2Lm4Zt", "TOKEN_FILE=/run/x", .string("A=\(Self.token)")],
                "Labels": ["a": "https://me:s3cr3t99@example.org/", "org.opencontainers.image.base.name": "debian:12"],
                "ExposedPorts": ["22/tcp": [:], "80/tcp": [:]], "Volumes": ["/etc": [:], "/data": [:]],
                "Cmd": ["run", "--password=tr0ub4dor"],
            ],
            "history": [.string("ARG KEY=\(Self.token)")],
            "layers": [
                [
                    "by": "COPY id /",
                    "files": [
                        ["path": "id", "data": .string(Self.key)], ["path": "t", "data": .string("x \(Self.token)\n")],
                        ["path": "replaced", "data": .string(Self.key)],
                        ["path": "usr/share/doc/a/key", "data": .string(Self.key)],
                        ["path": "usr/lib/python3/dist-packages/a/key.pem", "data": .string(Self.key)],
                        [
                            "path": "pem",
                            "data": "-----BEGIN RSA PRIVATE KEY-----\nshort\n-----END RSA PRIVATE KEY-----\n",
                        ],
                        ["path": "root/.netrc", "data": "machine a login b password c"],
                        ["path": "root/.docker/config.json", "data": "{\"auths\":{\"a\":{\"auth\":\"YTpi\"}}}"],
                        ["path": "app/.env", "data": "# x\nDB_PASSWORD=q9Lr5Tz1\n"],
                        ["path": "app/.env.example", "data": "DB_PASSWORD=q9Lr5Tz1\n"],
                    ],
                ],
                ["by": "RUN rm id", "files": [["path": ".wh.id"], ["path": "replaced", "data": "nothing"]]],
            ],
        ])
        #expect(
            found(report) == [
                "private-key id 0 high", "token-in-file t 0 critical", "private-key replaced 0 high",
                "private-key usr/lib/python3/dist-packages/a/key.pem 0 low", "credentials-file root/.netrc 0 high",
                "credentials-file root/.docker/config.json 0 high", "credentials-file app/.env 0 high",
                "path-relative config.Env[0] medium", "secret-environment config.Env[1] high",
                "secret-environment config.Env[3] high", "secret-label config.Labels[a] high",
                "secret-environment config.Cmd high", "secret-history history[2] high",
                "image-user-root config.User medium",
                "image-expose-ssh config.ExposedPorts medium", "image-volume-system config.Volumes medium",
                "image-base-unpinned config.Labels[org.opencontainers.image.base.name] low",
            ])
        let removed = try #require(report.findings.first { $0.place.description.hasPrefix("/id ") })
        #expect(removed.message.contains("removed or replaced in layer 2, and still in this one"))
        #expect(!report.text.contains(Self.token) && !report.junit.contains(Self.token))
    }

    @Test("Rules and paths that a configuration ignores are not reported")
    func ignored() async throws {
        var configuration = AuditConfiguration()
        configuration.ignored = ["set-uid", "image-base-unrecorded", "image-user-root"]
        configuration.ignoredPaths = ["/opt/keys/"]
        let report = try await Workbench().audit(
            [
                "layers": [
                    [
                        "by": "x",
                        "files": [
                            ["path": "a", "mode": "4755"], ["path": "opt/keys/a", "data": .string(Self.key)],
                            ["path": "opt/keys2", "data": .string(Self.key)],
                        ],
                    ]
                ]
            ], configuration)
        #expect(found(report) == ["private-key opt/keys2 0 high"])
    }

    @Test("An image without layers, and one of a thousand faults of a kind")
    func extremes() async throws {
        let none = try await Workbench().audit(["layers": []])
        #expect(none.findings.map(\.rule.id) == ["image-user-root", "image-base-unrecorded"])
        let files: [JSON] = (0..<1500).map { ["path": .string("f\($0)"), "mode": "666"] }
        let many = try await Workbench().audit([
            "config": ["User": "1"], "layers": [["by": "x", "files": .array(files)]],
        ])
        #expect(many.findings.count == 1001)
        #expect(many.notes == ["world-writable-file: 500 more are not listed"])
    }

    @Test("Installed Debian software gives no alarm about keys and tokens")
    func falseAlarms() async throws {
        let bench = try Workbench()
        try bench.run(
            """
            tar -C / -cf tree.tar --one-file-system usr/sbin usr/share/perl usr/share/perl5 usr/share/bash-completion usr/lib/git-core \
                usr/lib/python3 usr/lib/x86_64-linux-gnu/perl-base usr/share/zoneinfo usr/lib/systemd 2>/dev/null
            """)
        let report = try await bench.audit([
            "config": ["User": "1"], "layers": [["by": "x", "tar": .string("\(bench.path)/tree.tar")]],
        ])
        let secrets: Set<String> = ["private-key", "token-in-file", "credentials-file"]
        let alarms = report.findings.filter { secrets.contains($0.rule.id) && $0.severity > .low }
        #expect(alarms.isEmpty, "\(alarms.map { "\($0.place.description): \($0.message)" })")
    }
}
