import Testing

@Suite("The program as it starts") struct ProgramRules {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("Libraries that few commands need are no part of every start")
    func libraries() throws {
        let linked = try workshop.shell("ldd '\(Workshop.shale)'")
        #expect(linked.contains("libsqlite3"))
        for library in ["libcurl", "libarchive", "libcrypto", "libicu"] { #expect(!linked.contains(library)) }
    }

    @Test(
        "Who needs one that cannot be loaded is told so in one line",
        arguments: [("libarchive.so.13", "layer verify f.tar"), ("libcurl.so.4", "pull --root store 127.0.0.1:1/a:1")])
    func missing(_ library: String, _ command: String) throws {
        let result = try workshop.run(
            "mkdir lib; : >lib/\(library); : >f; tar -cf f.tar f; LD_LIBRARY_PATH=lib '\(Workshop.shale)' \(command)")
        #expect(result.status == 125 && result.output == "")
        #expect(result.errors.hasPrefix("shale: ") && result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("load \(library.prefix { $0 != "." })") && result.errors.contains(library))
    }
}
