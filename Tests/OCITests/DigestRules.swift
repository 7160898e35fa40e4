import OCI
import Testing

@Suite struct DigestRules {
    @Test("Hashes are those of FIPS 180-4's examples")
    func known() throws {
        let abc = Array("abc".utf8)
        #expect(
            try Digest(of: abc).description
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            try Digest(of: abc, .sha512).hex.hasPrefix(
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"))
        var digester = try Digester()
        digester.update([])
        digester.update(Array("a".utf8))
        digester.update(Array("bc".utf8))
        #expect(try digester.finish() == Digest(of: abc))
    }

    @Test(
        "Only algorithm and lower-case hash of the right length pass",
        arguments: [
            "", ":", "sha256", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha256:" + String(repeating: "a", count: 63), "sha256:" + String(repeating: "A", count: 64),
            "sha256:" + String(repeating: "a", count: 65), "sha512:" + String(repeating: "a", count: 64),
            "sha256:" + String(repeating: "/", count: 64), "sha256:" + String(repeating: "g", count: 64),
            "sha256:" + String(repeating: "a", count: 63) + "\n", "SHA256:" + String(repeating: "a", count: 64),
        ])
    func refused(text: String) { #expect(throws: DocumentError.self) { try Digest(text) } }
}
