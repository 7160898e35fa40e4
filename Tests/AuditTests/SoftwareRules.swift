import Analysis
import Linux
import OCI
import Testing

@Suite struct SoftwareRules {
    /// `kind name version layer` of each package.
    private func list(_ bench: Workbench, _ description: JSON) async throws -> (SoftwareList, [String]) {
        try bench.image("image", description)
        let list = try await SoftwareInventory.read(try bench.open("image"))
        return (
            list,
            list.packages.map {
                "\($0.package.kind.rawValue) \($0.package.name) \($0.package.version) \($0.layer.number)"
            }
        )
    }

    @Test("Debian's packages are those of dpkg-query, in both documents, which are valid and always the same")
    func debian() async throws {
        let bench = try Workbench()
        try bench.image(
            "image",
            [
                "layers": [
                    [
                        "by": "RUN a",
                        "files": [
                            ["path": "var/lib/dpkg/status", "from": "/var/lib/dpkg/status"],
                            ["path": "usr/lib/os-release", "from": "/usr/lib/os-release"],
                        ],
                    ]
                ]
            ])
        let (status, output, errors) = try bench.run(
            """
            set -e
            export SOURCE_DATE_EPOCH=1700000000
            for format in spdx cyclonedx; do
                $SHALE sbom --format $format-json -o $format.json ./image.tar
                $SHALE sbom --format $format-json ./image.tar | cmp - $format.json
            done
            dpkg-query -W -f '${db:Status-Status} ${Package} ${Version} ${Architecture}\\n' | sed -n 's/^installed //p' | sort >wanted
            python3 - <<'END'
            import json, urllib.parse
            from cyclonedx.schema import SchemaVersion
            from cyclonedx.validation.json import JsonStrictValidator
            from packageurl import PackageURL
            from spdx_tools.spdx.parser.parse_anything import parse_file
            from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
            text = open("cyclonedx.json").read()
            assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
            assert validate_full_spdx_document(parse_file("spdx.json")) == []
            bom, spdx = json.loads(text), json.load(open("spdx.json"))
            assert bom["metadata"]["timestamp"] == spdx["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
            urls = [PackageURL.from_string(one["purl"]) for one in bom["components"]]
            assert [one.to_string() for one in urls] == [one["purl"] for one in bom["components"]]
            assert all(one.namespace == "debian" and one.qualifiers["distro"] == "debian-12" for one in urls)
            found = sorted(f"{one.name} {one.version} {one.qualifiers['arch']}" for one in urls)
            assert found == sorted(open("wanted").read().splitlines()), "other packages"
            assert [one["externalRefs"][0]["referenceLocator"] for one in spdx["packages"][1:]] == [
                one["purl"] for one in bom["components"]]
            print("valid")
            END
            """)
        #expect(status == 0 && output == "valid\n", "\(errors.suffix(2000))")
    }

    @Test("A package is of the lowest layer that has it without a gap in its version")
    func layers() async throws {
        func status(_ packages: [(String, String)]) -> JSON {
            .string(
                packages.map { "Package: \($0)\nStatus: install ok installed\nVersion: \($1)\n" }.joined(
                    separator: "\n"))
        }
        let path = "var/lib/dpkg/status"
        let (list, found) = try await list(
            try Workbench(),
            [
                "layers": [
                    [
                        "by": "a",
                        "files": [
                            ["path": .string(path), "data": status([("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")])]
                        ],
                    ],
                    [
                        "by": "b",
                        "files": [["path": "var/lib/dpkg/status.d/x", "data": "Package: x\nVersion: 1:2~3\n"]],
                    ],
                    [
                        "by": "c",
                        "files": [["path": .string(path), "data": status([("a", "1"), ("b", "2"), ("d", "2")])]],
                    ],
                    [
                        "by": "d",
                        "files": [
                            ["path": .string(path), "data": status([("a", "1"), ("b", "2"), ("c", "1"), ("d", "1")])]
                        ],
                    ],
                    [
                        "by": "e",
                        "files": [
                            ["path": "srv/node_modules/m/package.json", "data": "{\"name\":\"m\",\"version\":\"1\"}"],
                            [
                                "path": "srv/node_modules/@s/n/package.json",
                                "data": "{\"name\":\"@s/n\",\"version\":\"2\",\"license\":\"MIT\"}",
                            ],
                            [
                                "path": "srv/node_modules/m/test/package.json",
                                "data": "{\"name\":\"no\",\"version\":\"1\"}",
                            ],
                            ["path": "gone/node_modules/g/package.json", "data": "{\"name\":\"g\",\"version\":\"1\"}"],
                            [
                                "path": "srv/package-lock.json",
                                "data": """
                                {"lockfileVersion":3,"packages":{"":{"name":"root","version":"0"},"node_modules/m":{"version":"1"},
                                "node_modules/m/node_modules/@t/u":{"version":"4"},"node_modules/d":{"version":"1","dev":true}}}
                                """,
                            ],
                            [
                                "path": "old/package-lock.json",
                                "data": """
                                {"dependencies":{"p":{"version":"1","dependencies":{"q":{"version":"2"}}},"r":{"version":"3","dev":true}}}
                                """,
                            ],
                        ],
                    ],
                    ["by": "f", "files": [["path": "gone/.wh.node_modules"]]],
                ]
            ])
        #expect(
            found == [
                "deb a 1 0", "deb b 2 2", "deb c 1 3", "deb d 1 3", "deb x 1:2~3 1", "npm @s/n 2 4", "npm @t/u 4 4",
                "npm m 1 4", "npm p 1 4", "npm q 2 4",
            ])
        #expect(list.notes.isEmpty)
        let urls = list.cycloneDX(version: "1", created: 0)["components"]?.array?.compactMap { $0["purl"]?.string }
        #expect(urls?.contains("pkg:npm/%40s/n@2") == true && urls?.contains("pkg:deb/debian/x@1:2~3") == true)
    }

    @Test("Python's packages are those of pip list")
    func python() throws {
        let bench = try Workbench()
        let (status, output, errors) = try bench.run(
            """
            set -e
            site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
            tar -cf site.tar -C / $(cd / && find ${site#/} -maxdepth 2 -path '*.dist-info/METADATA' -o -maxdepth 2 -path '*.egg-info/PKG-INFO')
            python3 -m pip list --format json --disable-pip-version-check --path $site >wanted.json
            echo '{"layers":[{"by":"RUN pip","tar":"site.tar"}]}' >image.json
            python3 '\(Workbench.fixtures)/make-image.py' image.json image.tar
            $SHALE sbom --format text ./image.tar | cut -f 2,3 | sort >found
            python3 -c 'import json; [print(one["name"], one["version"], sep="\\t") for one in json.load(open("wanted.json"))]' | sort >wanted
            diff wanted found && wc -l <found
            """)
        #expect(status == 0, "\(output)\(errors)")
        #expect((Int(output.filter { $0.isNumber }) ?? 0) > 5)
    }

    @Test("apk, rpm in SQLite, Go and Rust programs; what is not readable is said")
    func others() async throws {
        let bench = try Workbench()
        let (status, _, errors) = try bench.run(
            """
            set -e
            python3 - <<'END'
            import json, sqlite3, struct, zlib
            def header(tags):
                index, store = b"", b""
                for tag, value in tags:
                    if isinstance(value, int):
                        store += b"\\0" * (-len(store) % 4)
                        index += struct.pack(">IIII", tag, 4, len(store), 1)
                        store += struct.pack(">I", value)
                    else:
                        index += struct.pack(">IIII", tag, 6, len(store), 1)
                        store += value.encode() + b"\\0"
                return struct.pack(">II", len(tags), len(store)) + index + store
            db = sqlite3.connect("rpmdb.sqlite")
            db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
            for tags in ([(1000, "bash"), (1001, "5.2"), (1002, "1.fc40"), (1003, 2), (1022, "x86_64"), (1014, "GPL-3.0-or-later")],
                         [(1000, "gpg-pubkey"), (1001, "1"), (1002, "2")]):
                db.execute("INSERT INTO Packages (blob) VALUES (?)", (header(tags),))
            db.execute("INSERT INTO Packages (blob) VALUES (?)", (b"\\xff" * 40,))
            db.commit()
            view = sqlite3.connect("view.sqlite")
            view.execute("CREATE VIEW Packages AS WITH RECURSIVE r(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM r) SELECT blob FROM r")
            view.commit()
            crates = {"packages": [{"name": "app", "version": "0.1.0", "source": "local", "root": True},
                                   {"name": "serde", "version": "1.0.1", "source": "crates.io"},
                                   {"name": "cc", "version": "1.0.2", "source": "crates.io", "kind": "build"}]}
            open("dep-v0", "wb").write(zlib.compress(json.dumps(crates).encode()))
            mark = bytes(16)
            modules = b"path\\texample.org/app\\nmod\\texample.org/app\\t(devel)\\t\\ndep\\tgolang.org/x/sys\\tv0.1.0\\th1:x\\n" \\
                b"dep\\texample.org/a\\tv1.0.0\\n=>\\texample.org/b\\tv1.2.0\\th1:y\\ndep\\texample.org/c\\tv2.0.0\\n=>\\t./c\\t(devel)\\t\\n"
            def string(text):
                length, out = len(text), b""
                while length >= 128: out += bytes([length & 127 | 128]); length >>= 7
                return out + bytes([length]) + text
            magic = b"\\xff Go buildinf:" + bytes([8, 2]) + bytes(16)
            open("buildinfo", "wb").write(magic + string(b"go1.22.1") + string(mark + modules + mark))
            open("oldinfo", "wb").write(b"\\xff Go buildinf:" + bytes([8, 0]) + bytes(64))
            END
            objcopy --add-section .dep-v0=dep-v0 /bin/true rust
            objcopy --add-section .go.buildinfo=buildinfo /bin/true go
            objcopy --add-section .go.buildinfo=oldinfo /bin/true oldgo
            """)
        try #require(status == 0, "\(errors)")
        func file(_ path: String, _ from: String, _ mode: String = "644") -> JSON {
            ["path": .string(path), "from": .string("\(bench.path)/\(from)"), "mode": .string(mode)]
        }
        let installed =
            "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\n\nP:libcrypto3\nV:3.3.0-r2\nA:x86_64\no:openssl\n"
        let (list, found) = try await list(
            bench,
            [
                "layers": [
                    [
                        "by": "a",
                        "files": [
                            ["path": "lib/apk/db/installed", "data": .string(installed)],
                            ["path": "etc/os-release", "data": "ID=fedora\nVERSION_ID=\"40\"\n"],
                            file("var/lib/rpm/rpmdb.sqlite", "rpmdb.sqlite"),
                            file("usr/share/rpm/rpmdb.sqlite", "view.sqlite"),
                            ["path": "var/lib/rpm/Packages", "data": "x"], file("usr/bin/rust", "rust", "755"),
                            file("usr/bin/go", "go", "755"), file("usr/bin/oldgo", "oldgo", "755"),
                            file("usr/bin/data", "go"),
                            ["path": "usr/bin/skopeo", "from": "/usr/bin/skopeo", "mode": "755"],
                        ],
                    ]
                ]
            ])
        let stdlib = try bench.run("strings -n 6 /usr/bin/skopeo | grep -m1 -oE '^go1\\.[0-9.]+' | cut -c3-").output
            .filter { $0 != "\n" }
        #expect(
            found.filter { !$0.hasSuffix("\(stdlib) 0") } == [
                "apk libcrypto3 3.3.0-r2 0", "apk musl 1.2.5-r0 0", "cargo app 0.1.0 0", "cargo serde 1.0.1 0",
                "golang example.org/app  0", "golang example.org/b v1.2.0 0", "golang example.org/c v2.0.0 0",
                "golang golang.org/x/sys v0.1.0 0", "golang stdlib 1.22.1 0", "rpm bash 5.2-1.fc40 0",
            ])
        #expect(list.packages.contains { $0.path == Array("usr/bin/skopeo".utf8) && $0.package.name == "stdlib" })
        #expect(
            list.notes == [
                "/usr/share/rpm/rpmdb.sqlite: it has no table of packages",
                "/var/lib/rpm/Packages: an rpm database of a form that is not read (only rpmdb.sqlite is)",
                "/usr/bin/oldgo: built by a Go before 1.18, whose modules are not read",
            ])
        let urls =
            list.cycloneDX(version: "1", created: 0)["components"]?.array?.compactMap { $0["purl"]?.string } ?? []
        #expect(urls.contains("pkg:rpm/fedora/bash@5.2-1.fc40?arch=x86_64&distro=fedora-40&epoch=2"))
        #expect(urls.contains("pkg:golang/golang.org/x/sys@v0.1.0") && urls.contains("pkg:golang/example.org/app"))
    }
}
