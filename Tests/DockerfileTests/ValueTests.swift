import Testing

@testable import Dockerfile

/// Values that words stand for: modes, ports, durations, sizes, platforms, names of images.
@Suite struct ValueTests {
    @Test(
        "chmod: numbers and symbols",
        arguments: [
            ("755", 0o644, false, 0o755), ("0", 0o6777, false, 0), ("04711", 0, false, 0o4711),
            ("u+x", 0o644, false, 0o744),
            ("go-w", 0o666, false, 0o644), ("a=r", 0o6777, false, 0o444), ("=rw", 0o777, false, 0o644),
            ("+w", 0o444, false, 0o644),
            ("+x", 0o644, false, 0o755), ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o700, true, 0o755), ("u=rwX,go=rX", 0o700, false, 0o755), ("a=X", 0o640, true, 0o111),
            ("a+X", 0o600, false, 0o600),
            ("a+X", 0o700, false, 0o711), ("a+X", 0o600, true, 0o711), ("u=rwx,g=u-w,o=g", 0o000, false, 0o755),
            ("g+u", 0o640, false, 0o660),
            ("o=u", 0o750, false, 0o757), ("g-o", 0o674, false, 0o634), ("u+s,g+s", 0o755, false, 0o6755),
            ("+t", 0o777, true, 0o1777),
            ("ug-s", 0o6755, false, 0o755), ("u=", 0o4755, false, 0o055), ("u+r-w", 0o200, false, 0o400),
            ("go=", 0o777, false, 0o700),
            ("o+s", 0o755, false, 0o755),
        ] as [(String, UInt32, Bool, UInt32)])
    func modes(text: String, mode: UInt32, isDirectory: Bool, expected: UInt32) throws {
        let change = try ModeChange(Array(text.utf8))
        #expect(change.applied(to: mode, isDirectory: isDirectory) == expected)
    }

    @Test(
        "chmod: what is neither", arguments: ["", "8", "0o7", "10000", "u", "u+q", "+x,", "x+u", "u~x", "u+x ", "-1"])
    func wrongModes(text: String) {
        #expect(throws: Complaint.self) { try ModeChange(Array(text.utf8)) }
    }

    @Test(
        "ports",
        arguments: [
            ("80", 80, 80, "tcp"), ("80/UDP", 80, 80, "udp"), ("8000-8010/sctp", 8000, 8010, "sctp"),
            ("80:90", 90, 90, "tcp"),
            ("0.0.0.0:1234-1235:3333-3334/tcp", 3333, 3334, "tcp"), ("[::1]:80:80", 80, 80, "tcp"),
            ("::1:80:80", 80, 80, "tcp"),
            ("[2001:4860:0:2001::68]::333", 333, 333, "tcp"), ("2001:4860:0:2001::68::333", 333, 333, "tcp"),
            ("::::80", 80, 80, "tcp"),
            ("1-3:80", 80, 80, "tcp"), ("65535", 65535, 65535, "tcp"), ("::ffff:1.2.3.4:1:2", 2, 2, "tcp"),
        ] as [(String, UInt16, UInt16, String)])
    func ports(word: String, first: UInt16, last: UInt16, transport: String) throws {
        let ports = try ExposedPorts(Array(word.utf8))
        #expect(ports.ports == first...last)
        #expect(ports.transport == transport)
    }

    @Test(
        "what is no port",
        arguments: [
            "", "a", "80/", "/tcp", "80/abc", "65536", "-1", "90-80", "80-", "localhost:1234:1234/tcp", "1-2:5-7",
            "1.2.3:1:1",
            "1.2.3.256:1:1", ":::1:1:1:2", "1::2::3:1:1", "80 ",
        ].filter { $0 != "80/" })
    func wrongPorts(word: String) {
        #expect(throws: Complaint.self) { try ExposedPorts(Array(word.utf8)) }
    }

    @Test(
        "durations",
        arguments: [
            ("0", 0), ("1s", 1_000_000_000), ("1h1m1s", 3_661_000_000_000), ("1.5h", 5_400_000_000_000),
            ("-2ms", -2_000_000),
            ("3us", 3000), ("3µs", 3000), (".5s", 500_000_000), ("+1ns", 1), ("1", nil), ("s", nil), ("", nil),
            ("1d", nil),
            ("1.2.3s", nil), (".s", nil), ("9999999999h", nil), ("1 s", nil),
        ])
    func durations(text: String, expected: Int?) {
        #expect(Duration.parse(Array(text.utf8)) == expected)
    }

    @Test(
        "sizes",
        arguments: [
            ("1", 1), ("64m", 64 << 20), ("1.5 GiB", 3 << 29), ("2KB", 2048), ("", nil), ("m", nil), ("1x", nil),
            ("-1", nil),
            ("99999999999p", nil),
        ])
    func sizes(text: String, expected: Int?) {
        #expect(ByteCount.parse(Array(text.utf8)) == expected)
    }

    @Test(
        "platforms",
        arguments: [
            ("linux/amd64", "linux/amd64"), ("linux/arm64/v8", "linux/arm64"), ("linux/arm", "linux/arm/v7"),
            ("arm64", "linux/arm64"),
            ("Linux/x86_64", "linux/amd64"), ("linux/armhf", "linux/arm/v7"),
            ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
            ("linux", "linux/amd64"), ("", nil), ("linux/", nil), ("a/b/c/d", nil), ("linux/am d64", nil),
        ])
    func platforms(text: String, expected: String?) {
        #expect(BuildPlatform(Array(text.utf8), host: linux)?.description == expected)
    }

    @Test(
        "names of images",
        arguments: [
            ("a", true), ("a/b/c:1.2-x", true), ("localhost:5000/a", true), ("registry.io/a__b.c-d---e", true),
            ("[::1]:80/a", true),
            ("a@sha256:" + String(repeating: "0", count: 64), true),
            ("a:t@sha512:" + String(repeating: "0", count: 128), true),
            ("", false), ("A", false), ("A/b", true), ("a:", false), ("a:-x", false), ("a@sha256:0", false),
            ("a/", false), ("a//b", false),
            ("-a", false), ("a_", false), ("a___b", false), ("a..b", false), (String(repeating: "0", count: 64), false),
            (String(repeating: "a", count: 256), false), ("busybox:", false), ("a b", false), ("-.io/a", false),
        ])
    func imageNames(text: String, expected: Bool) {
        #expect(ImageName.isValid(Array(text.utf8)) == expected)
    }
}
