import Analysis
import Dockerfile
import OCI
import Testing

@Suite struct DockerfileAuditRules {
    private static let platform = BuildPlatform(os: "linux", architecture: "amd64")

    private func audit(
        _ text: String, _ configuration: AuditConfiguration = AuditConfiguration()
    ) throws -> AuditReport {
        try DockerfileAudit(
            configuration: configuration, context: CheckContext(build: Self.platform, target: Self.platform)
        ).run(Array(text.utf8), name: "Dockerfile")
    }

    private func ids(_ text: String, _ configuration: AuditConfiguration = AuditConfiguration()) throws -> [String] {
        try audit(text, configuration).findings.map(\.rule.id)
    }

    private static let digest = "@sha256:" + String(repeating: "0123456789abcdef", count: 4)
    private static let good = "FROM debian:12\(digest)\n"

    @Test("A file without faults has no findings")
    func clean() throws {
        let text =
            Self.good + """
                RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10 && rm -rf /var/lib/apt/lists/*
                WORKDIR /srv
                COPY app .
                USER 10001:10001
                CMD ["/srv/app"]

                """
        #expect(try ids(text).isEmpty)
    }

    @Test(
        "Rules that hadolint does not have",
        arguments: [
            ("FROM debian:12", "base-undigested"), ("EXPOSE 22/tcp", "expose-ssh"), ("VOLUME /etc", "volume-system"),
            ("VOLUME [\"/usr/lib\"]", "volume-system"), ("ADD https://example.org/a.tar /", "add-unverified"),
            ("RUN curl -fsSL https://example.org/a | sh", "pipe-to-shell"),
            ("RUN wget -qO- https://example.org/a | sudo bash -", "pipe-to-shell"),
            ("RUN bash -c \"$(curl -fsSL https://example.org/a)\"", "pipe-to-shell"),
            ("RUN curl -sk https://example.org/a", "download-unverified"),
            ("RUN wget -q --no-check-certificate https://example.org/a", "download-unverified"),
            ("RUN apt-get install -y --allow-unauthenticated a=1", "download-unverified"),
            ("RUN apk add --no-cache --allow-untrusted a.apk", "download-unverified"),
            ("RUN git -c http.sslVerify=false clone https://example.org/a", "download-unverified"),
            ("RUN chmod 777 /a", "run-world-writable"), ("RUN chmod -R a+rw /a", "run-world-writable"),
            ("RUN chmod 4755 /a", "run-setid"), ("RUN chmod u+s /a", "run-setid"),
            ("ENV KEY=ghp_16C7e42F292c6912E7710c838347Ae178B4a", "secret-written"),
            ("RUN git clone https://me:hunter22@example.org/a", "secret-written"),
            ("ENV DB_PASSWORD=tr0ub4dor&3", "secret-written"),
            ("CMD run", "user-missing"),
        ])
    func own(_ line: String, _ rule: String) throws {
        let text = line.hasPrefix("FROM") ? line : Self.good + line
        #expect(try ids(text).contains(rule))
    }

    @Test(
        "What looks alike and is none",
        arguments: [
            ("EXPOSE 2222", "expose-ssh"), ("VOLUME /var/lib/postgresql/data", "volume-system"),
            (
                "ADD --checksum=sha256:\(String(repeating: "0", count: 64)) https://example.org/a.tar /",
                "add-unverified"
            ),
            ("ADD https://example.org/a.git#v1 /", "add-unverified"),
            ("RUN curl -fsSL https://example.org/a | tar xz", "pipe-to-shell"),
            ("RUN curl -K file https://example.org/a", "download-unverified"),
            ("RUN chmod 1777 /a", "run-world-writable"), ("RUN chmod 755 /a", "run-world-writable"),
            ("RUN chmod g+w /a", "run-world-writable"), ("RUN chmod 0755 /a", "run-setid"),
            ("ENV PASSWORD_FILE=/run/secrets/password", "secret-written"),
            ("ENV DB_PASSWORD=changeme", "secret-written"),
            ("ARG TOKEN", "secret-written"), ("ENV TOKEN=$OTHER", "secret-written"),
            ("RUN git clone https://$USER:$PASS@example.org/a", "secret-written"), ("USER 1000:1000", "user-missing"),
        ])
    func alike(_ line: String, _ rule: String) throws {
        #expect(try !ids(Self.good + line).contains(rule))
    }

    @Test("A build check says nothing where a rule says the same; all others are there")
    func checks() throws {
        let found = try ids(Self.good + "MAINTAINER me\nENV A b\nCMD run\nWORKDIR a\nFROM a$UNKNOWN")
        #expect(found.contains("maintainer") && !found.contains("MaintainerDeprecated"))
        #expect(found.contains("shell-form") && !found.contains("JSONArgsRecommended"))
        #expect(found.contains("LegacyKeyValueFormat") && found.contains("UndefinedArgInFrom"))
    }

    @Test("Comments ignore by id and by alias, for one instruction or for the file")
    func comments() throws {
        let sudo = "RUN sudo a && cd /b\n"
        #expect(try ids(Self.good + sudo).contains("run-sudo"))
        #expect(try !ids(Self.good + "# shale ignore=run-sudo\n" + sudo).contains("run-sudo"))
        #expect(try ids(Self.good + "# shale ignore=run-sudo\n" + sudo).contains("run-cd"))
        #expect(try !ids(Self.good + "# hadolint ignore=DL3004,DL3003 # must be\n" + sudo).contains("run-cd"))
        #expect(try !ids(Self.good + "# shale global ignore=DL3004\n\nENV A=1\n" + sudo).contains("run-sudo"))
        #expect(try ids(Self.good + "# shale ignore=run-sudo\nENV A=1\n" + sudo).contains("run-sudo"))
        #expect(try !ids(Self.good + "# shale ignore=LegacyKeyValueFormat\nENV A b").contains("LegacyKeyValueFormat"))
        var configuration = AuditConfiguration()
        configuration.disablesComments = true
        #expect(try ids(Self.good + "# shale ignore=run-sudo\n" + sudo, configuration).contains("run-sudo"))
    }

    @Test("Configuration files: ours and hadolint's")
    func configuration() throws {
        let text = """
            ignored: [DL3004, run-cd]
            trustedRegistries: ["*.example.org", docker.io]
            override:
              error: [DL3006]
              info: [run-apt]
            failure-threshold: warning
            no-color: true
            """
        let configuration = try AuditConfiguration(parsing: Array(text.utf8), file: ".hadolint.yaml")
        #expect(configuration.ignored == ["DL3004", "run-cd"])
        #expect(configuration.threshold == .at(.medium))
        let report = try audit(
            "FROM a.example.org/b:1\nRUN sudo a && cd /b && apt x\nFROM quay.io/a:1\nFROM debian", configuration)
        let found = report.findings.map(\.rule.id)
        #expect(!found.contains("run-sudo") && !found.contains("run-cd"))
        #expect(found.filter { $0 == "base-untrusted" }.count == 1)
        #expect(report.findings.first { $0.rule.id == "base-untagged" }?.severity == .high)
        #expect(report.findings.first { $0.rule.id == "run-apt" }?.severity == .info)
    }

    @Test(
        "Configuration files that mean nothing are refused in one line",
        arguments: [
            "ignored: {a: b}", "- a", "unknown: 1", "override: {loud: [a]}", "fail-on: sometimes", "a: [b", "\u{0}",
            String(repeating: "[", count: 5000), String(repeating: "- ", count: 5000),
            (0..<200).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
            "ignored: &a [*a]",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: AuditError.self) {
            try AuditConfiguration(parsing: Array(text.utf8), file: "x.yaml")
        }
        #expect(error?.description.hasPrefix("read x.yaml: ") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("Scripts that no shell would read cost no more than their length")
    func hostile() throws {
        let monsters = [
            String(repeating: "$(", count: 100_000), String(repeating: "`", count: 100_001),
            String(repeating: "\"$(", count: 50_000), String(repeating: "${a:-", count: 100_000),
            String(repeating: "(", count: 200_000), String(repeating: "case x in ", count: 50_000),
            String(repeating: "a | ", count: 100_000), String(repeating: "<(", count: 100_000),
            String(repeating: "x=(", count: 100_000), String(repeating: "f(){ ", count: 100_000),
            String(repeating: "for a in ", count: 50_000), "cat <<<" + String(repeating: "A", count: 100_000),
            String(repeating: "'", count: 100_001), String(repeating: "((", count: 100_000), "sudo \\",
        ]
        for monster in monsters { _ = try audit(Self.good + "RUN true; " + monster + "\n") }
        let stages = (0..<30_000).map { "FROM \($0 == 0 ? "a:1" : "s\($0 - 1)") AS s\($0)\nCOPY --from=same a /b\n" }
            .joined()
        #expect(try ids(stages).filter { $0 == "copy-from-unknown" }.count == 30_000)
        let many = String(repeating: "RUN sudo a\n# shale ignore=x\n", count: 20_000)
        #expect(try ids(Self.good + many).filter { $0 == "run-sudo" }.count == 20_000)
    }

    @Test("Random scripts of what shells find special are read to their end")
    func random() throws {
        let pieces = [
            "a", " ", "\t", ";", ";;", "&", "&&", "|", "||", "(", ")", "{", "}", "<", ">", "<<", "<<<", ">>", "'", "\"",
            "`", "$", "$(",
            "$((", "))", "${", "}", "\\", "\\\n    ", "#", "=", "x=(", "if ", "then ", "fi", "case ", " in ", "esac",
            "for ", "do ",
            "done", "[[ ", " ]]", "function ", "!", "2>", "&>", "é", "sudo ", "apt-get install ", "-y", "--", "*", "[",
            "]", ":", "cd /",
        ]
        var state: UInt64 = 88_172_645_463_325_252
        func next(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 33) % limit
        }
        for _ in 0..<4000 {
            let script = (0..<next(60)).map { _ in pieces[next(pieces.count)] }.joined()
            // Some of them are no Dockerfile: of those only the reading counts.
            _ = try? audit(Self.good + "RUN a " + script + "\n")
        }
    }
}
