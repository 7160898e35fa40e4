import Analysis
import Glibc
import Linux
import OCI
import Testing

@Suite struct AuditCommandRules {
    private static let description: JSON = [
        "config": ["Env": ["PATH=/bin"]],
        "layers": [
            [
                "by": "RUN one",
                "files": [
                    ["path": "bin", "type": "dir"],
                    ["path": "bin/own", "mode": "6755", "data": "program", "uid": 7, "gid": 8],
                    ["path": "d", "type": "dir", "mode": "777"], ["path": "d/it's", "mode": "666", "data": "x"],
                    ["path": "l", "type": "link", "target": "bin/own", "mode": "6755", "uid": 7, "gid": 8],
                    ["path": "var/lib/apt/lists/a", "data": "lists"], ["path": "var/lib/apt/lists/lock"],
                    ["path": "root/.cache/pip/x/y", "data": "cache"], ["path": "kept", "mode": "755"],
                ],
            ],
            ["by": "RUN two", "files": [["path": "bin/other", "mode": "4711", "data": "other"]]],
        ],
    ]

    @Test("The formats are what their schemas say", arguments: ["image.tar", "Dockerfile"])
    func formats(_ subject: String) throws {
        let bench = try Workbench()
        try bench.image("image", Self.description)
        try bench.write("Dockerfile", Array("FROM debian\nRUN sudo a | b\nENV A b\n# <&\"> \u{1}\nCMD \"<&>\n".utf8))
        let (status, output, errors) = try bench.run(
            """
            for format in text json sarif junit; do $SHALE audit --fail-on never --format $format ./\(subject) >$format || exit; done
            python3 - <<'END'
            import json, xml.etree.ElementTree
            from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif
            sarif = json.load(open("sarif"))
            Sarif.model_validate(sarif)
            results = sarif["runs"][0]["results"]
            rules = sarif["runs"][0]["tool"]["driver"]["rules"]
            assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
            found = json.load(open("json"))["findings"]
            suite = xml.etree.ElementTree.parse("junit").getroot().find("testsuite")
            failures = suite.findall("testcase/failure")
            lines = [line for line in open("text") if line[0] != " "]
            assert len(results) == len(found) == len(failures) == len(lines) - 1 == int(suite.get("failures")) > 3
            assert [one["rule"] for one in found] == [one["ruleId"] for one in results]
            print("valid")
            END
            """)
        #expect(status == 0 && output == "valid\n", "\(errors)")
    }

    @Test("Exit statuses, thresholds, and one line for what cannot be audited")
    func statuses() throws {
        let bench = try Workbench()
        try bench.image("image", Self.description)
        try bench.write("Dockerfile", Array("FROM debian:12\nRUN cd /a\n".utf8))
        try bench.write("Broken.Dockerfile", Array("RUN a\n".utf8))
        try bench.write("text", Array("FROM debian:12\n".utf8))
        try bench.write("noise", (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 37) })
        for (arguments, status) in [
            ("./image.tar", 1), ("--fail-on never ./image.tar", 0), ("--fail-on critical ./image.tar", 0),
            ("--severity critical ./image.tar", 1), ("Dockerfile", 0), ("--fail-on low Dockerfile", 1),
            ("--fail-on warning Dockerfile", 0), ("./text", 0), ("dockerfile:- <Dockerfile", 0),
            ("Broken.Dockerfile", 1),
            ("--ignore run-cd --ignore DL3002 --fail-on medium Dockerfile", 0), ("--ignore nothing Dockerfile", 2),
            ("--trusted-registry quay.io Dockerfile", 1), ("--config absent Dockerfile", 2), ("", 2), ("--rules", 0),
            ("--fix Dockerfile", 2), ("-t a Dockerfile", 2), ("./noise", 125), ("./absent", 125),
            ("--root store absent:1", 125),
        ] {
            let (found, output, errors) = try bench.run("$SHALE audit \(arguments)")
            #expect(found == status, "\(arguments): \(errors)")
            if status == 125 {
                #expect(output.isEmpty && errors.hasPrefix("shale: ") && errors.count { $0 == "\n" } == 1)
            }
        }
        try bench.write(".hadolint.yaml", Array("failure-threshold: info\nignored: [DL3002]\n".utf8))
        #expect(try bench.run("$SHALE audit Dockerfile").status == 1)
    }

    @Test("--fix makes an image that is clean of what was mended, in one layer, with all else as it was")
    func fixing() throws {
        let bench = try Workbench()
        try bench.image("image", Self.description)
        let (status, output, errors) = try bench.run(
            """
            set -e
            export SOURCE_DATE_EPOCH=1700000000
            $SHALE load --root $STORE -i image.tar >&2
            $SHALE audit --root $STORE --fix -t mended:1 --user 10001 made:1 >fixed
            $SHALE audit --root $STORE --fix --format json --user 10001 made:1 >again
            $SHALE audit --root $STORE --fail-on never --format json mended:1 >report
            $SHALE audit --root $STORE --fix mended:1
            $SHALE save --root $STORE -o mended.tar mended:1 && mkdir m && tar -C m -xf mended.tar
            python3 - <<'END'
            import json, tarfile
            manifest = json.load(open("m/manifest.json"))[0]
            config = json.load(open("m/" + manifest["Config"]))
            assert len(manifest["Layers"]) == 3 and config["config"]["User"] == "10001"
            assert config["history"][2]["created_by"] == "shale audit --fix" and config["created"].startswith("2023-11-14")
            with tarfile.open("m/" + manifest["Layers"][2]) as layer:
                for one in layer:
                    print(oct(one.mode)[2:], one.uid, one.gid, one.mtime, one.type.decode(), one.name, one.linkname)
                print(layer.extractfile("bin/own").read(), layer.extractfile("bin/other").read())
            rules = {one["rule"] for one in json.load(open("report"))["findings"]}
            print(sorted(rules))
            assert json.load(open("again"))["layer"] == config["rootfs"]["diff_ids"][2]
            END
            cat fixed
            """)
        try #require(status == 0, "\(errors)")
        let lines = output.split(separator: "\n").map(String.init)
        for line in [
            "nothing to mend", "['image-base-unrecorded']", "b'program' b'other'", "755 7 8 1000 0 bin/own ",
            "711 0 0 1000 0 bin/other ", "1777 0 0 1000 5 d ", "664 0 0 1000 0 d/it's ", "755 7 8 1000 1 l bin/own",
            "6755 -> 0755 /bin/own", "removed /var/lib/apt/lists/a (5 bytes)", "# Where layer 1 is made: RUN one",
            "RUN chmod u-s /bin/own /l", "RUN chmod g-s /bin/own /l", "RUN chmod o-w '/d/it'\\''s'", "RUN chmod +t /d",
            "RUN rm -rf /root/.cache/pip/* /var/lib/apt/lists/*", "# Where layer 2 is made: RUN two",
            "RUN chmod u-s /bin/other", "USER 10001",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(lines.contains { $0.hasSuffix("var/lib/apt/lists/.wh.a ") })
        #expect(!lines.contains { $0.contains("kept") || $0.contains("lists/.wh.lock") })
    }

    @Test("docs/audit.md lists every rule with its severity")
    func documented() throws {
        let text = String(
            decoding: try FD.workingDirectory.contents(
                of: Array("\(Workbench.project)/docs/audit.md".utf8).cPath, atMost: 1 << 20), as: UTF8.self)
        for rule in AuditRule.all {
            let name = "| `\(rule.id)`" + (rule.alias.map { " (\($0))" } ?? "") + " | \(rule.severity.rawValue) |"
            #expect(text.contains(name), "\(name)")
        }
        #expect(Set(AuditRule.all.map(\.id)).count == AuditRule.all.count)
    }
}
