import Dockerfile
import OCI
import Testing

@testable import Build

@Suite struct KeyRules {
    private let base = try? Digest(of: bytes("base"))

    private func running(_ text: String) throws -> Running {
        let file = try Dockerfile.parse(bytes("FROM scratch\n\(text)"), name: "Dockerfile")
        guard case .run(let running)? = file.stages.first?.instructions.first?.content else {
            throw ScriptFailure(script: text, output: "no RUN")
        }
        return running
    }

    private func conditions(_ change: (inout CacheKey.RunConditions) -> Void = { _ in }) -> CacheKey.RunConditions {
        var conditions = CacheKey.RunConditions(
            platform: linux, shell: [bytes("/bin/sh"), bytes("-c")], user: [], workingDirectory: bytes("/"),
            variables: [bytes("PATH"): bytes("/bin"), bytes("TOKEN"): bytes("hunter2")])
        change(&conditions)
        return conditions
    }

    @Test func eachInputOfARunMakesAnotherKeyAndIsNamed() throws {
        let base = try #require(base)
        let usual = try CacheKey.run(running("RUN make"), on: base, mounts: [], conditions())
        #expect(try CacheKey.run(running("RUN   make"), on: base, mounts: [], conditions()) == usual)
        func reason(_ key: CacheKey) -> [String] {
            #expect(key.digest != usual.digest)
            return MissReason(key, comparedTo: usual).changed
        }
        #expect(try reason(.run(running("RUN make all"), on: base, mounts: [], conditions())) == ["command"])
        #expect(try reason(.run(running("RUN make"), on: Digest(of: [1]), mounts: [], conditions())) == ["base"])
        #expect(
            try reason(.run(running("RUN make"), on: base, mounts: [], conditions { $0.variables[bytes("PATH")] = [] }))
                == ["variable PATH"])
        #expect(
            try reason(.run(running("RUN make"), on: base, mounts: [], conditions { $0.variables[bytes("NEW")] = [] }))
                == ["variable NEW"])
        #expect(
            try reason(.run(running("RUN make"), on: base, mounts: [], conditions { $0.shell = [bytes("/bin/bash")] }))
                == ["shell"])
        #expect(
            try reason(.run(running("RUN [\"make\"]"), on: base, mounts: [], conditions()))
                == ["program", "command", "shell"])
        #expect(try reason(.run(running("RUN --network=none make"), on: base, mounts: [], conditions())) == ["network"])
        #expect(!usual.stored.contains("hunter2"))
    }

    @Test func mountsCountWithTheirContents() throws {
        let base = try #require(base)
        let file = try Dockerfile.parse(
            bytes("FROM scratch\nRUN --mount=target=/src,source=a make\nRUN --mount=target=/src,source=b make"),
            name: "f")
        var scope = Scope(try GlobalScope(file, build: linux, target: linux), escape: 0x5c, environment: [:])
        let mounts = try file.stages[0].instructions.map { try scope.expand($0).mounts }
        let run = try running("RUN make")
        var digests: Set<Digest> = []
        for mount in mounts {
            for content in [Digest?.none, try Digest(of: [1]), try Digest(of: [2])] {
                let key = try CacheKey.run(run, on: base, mounts: mount.map { ($0, content) }, conditions())
                #expect(digests.insert(key.digest).inserted)
            }
        }
    }

    @Test func aCopyIsItsFilesAndWhereTheyGo() throws {
        let shop = try Workshop()
        try shop.shell("echo a >context/a; echo b >context/b")
        let base = try #require(base)
        let a = try shop.select("COPY a /x")
        let usual = try CacheKey.copy(a, to: Destination(bytes("/x")), on: base, owner: nil, chmod: nil)
        try shop.shell("touch -d @5 context/a; echo c >context/b")
        let again = try CacheKey.copy(
            shop.select("COPY a /x"), to: Destination(bytes("x")), on: base, owner: nil, chmod: nil)
        #expect(again == usual)
        let others: [CacheKey] = [
            try .copy(a, to: Destination(bytes("/x/")), on: base, owner: nil, chmod: nil),
            try .copy(a, to: Destination(bytes("/x")), on: nil, owner: nil, chmod: nil),
            try .copy(a, to: Destination(bytes("/x")), on: base, owner: .root, chmod: nil),
            try .copy(a, to: Destination(bytes("/x")), on: base, owner: nil, chmod: bytes("755")),
            try .copy(shop.select("COPY b /x"), to: Destination(bytes("/x")), on: base, owner: nil, chmod: nil),
        ]
        #expect(Set(others.map(\.digest)).union([usual.digest]).count == 6)
        #expect(MissReason(others[4], comparedTo: usual).description == "files changed")
        #expect(MissReason(usual, comparedTo: nil).description == "not built before")
    }

    @Test func keysAreReadBackAsTheyWere() throws {
        var inputs = CacheKey.Inputs()
        try inputs.add("odd\nname\\", bytes("line\nline\\n"))
        try inputs.add("twice", bytes("a"))
        try inputs.add("twice", bytes("b"))
        try inputs.add("bytes", [0xff, 0x00])
        try inputs.add("looks like a digest", bytes("sha256:00"))
        try inputs.add("none", [])
        let key = try inputs.key()
        #expect(CacheKey(stored: key.stored) == key)
        #expect(key.parts.map(\.name).contains("twice #2"))
        #expect(CacheKey(stored: "one line") == nil)
    }
}
