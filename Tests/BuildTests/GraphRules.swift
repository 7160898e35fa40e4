import Dockerfile
import OCI
import Testing

@testable import Build

@Suite struct GraphRules {
    private func graph(
        _ text: String, target: String? = nil, arguments: [String: String] = [:], contexts: [String: String] = [:]
    ) throws -> BuildGraph {
        let file = try Dockerfile.parse(bytes(text), name: "Dockerfile")
        var request = BuildRequest(target: target, host: linux)
        for (name, value) in arguments { request.arguments[bytes(name)] = bytes(value) }
        for (name, value) in contexts { request.contexts[bytes(name)] = try NamedContext(bytes(value)) }
        return try BuildGraph(file, request)
    }

    private func mistake(_ text: String, target: String? = nil, arguments: [String: String] = [:]) -> String? {
        do {
            _ = try graph(text, target: target, arguments: arguments)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func onlyWhatTheTargetNeedsIsThereAndComesAfterWhatItUses() throws {
        let text = """
            FROM alpine AS tools
            FROM alpine AS unused
            FROM tools AS build
            COPY --from=0 /a /a
            FROM scratch AS data
            FROM scratch
            COPY --from=build /out /
            RUN --mount=type=bind,from=data,target=/data true
            """
        let all = try graph(text)
        #expect(all.nodes.map(\.index) == [0, 2, 3, 4])
        #expect(all.nodes.last?.dependencies == [2, 3])
        #expect(all.node(2)?.base == .stage(0))
        #expect(all.node(2)?.sources == [bytes("0"): .stage(0)])
        #expect(try graph(text, target: "BUILD").nodes.map(\.index) == [0, 2])
        #expect(try graph(text, target: "3").nodes.map(\.base) == [.scratch])
    }

    @Test func aStageThatIsNotNeededMayBeWrong() throws {
        #expect(try graph("FROM $MISSING\nFROM scratch").nodes.count == 1)
    }

    @Test func mistakesNameTheirLine() {
        #expect(mistake("FROM $NOTHING") == "Dockerfile:1: the base name should not be blank: \"$NOTHING\"")
        #expect(
            mistake("FROM scratch AS builder", target: "bulider")
                == "Dockerfile:1: target stage could not be found: \"bulider\" (did you mean builder?)")
        #expect(
            mistake("FROM scratch\nCOPY --from=later a b\nFROM scratch AS later", target: "0")
                == "Dockerfile:2: cannot copy from a stage that is not defined before this one: \"later\"")
        #expect(
            mistake("FROM scratch AS self\nCOPY --from=self a b")
                == "Dockerfile:2: cannot copy from a stage that is not defined before this one: \"self\"")
        #expect(mistake("FROM scratch\nCOPY --from=7 a b") == "Dockerfile:2: invalid stage index: \"7\"")
        #expect(
            mistake("FROM scratch AS builder\nFROM Builder_\nRUN true")
                == "Dockerfile:2: neither a stage, a named context nor the name of an image: \"Builder_\" (did you mean builder?)"
        )
    }

    @Test func basesAreExpandedByGlobalArguments() throws {
        let text = "ARG VERSION=1\nFROM image:$VERSION AS a\nFROM --platform=$BUILDPLATFORM ${OTHER:-a}"
        #expect(try graph(text, target: "a").nodes.first?.base == .image(bytes("image:1")))
        #expect(try graph(text, target: "a", arguments: ["VERSION": "2"]).nodes.first?.base == .image(bytes("image:2")))
        #expect(try graph(text).nodes.map(\.index) == [0, 1])
    }

    @Test func namedContextsStandForImagesAndStages() throws {
        let text = """
            FROM docker.io/library/alpine:latest AS one
            RUN true
            FROM one
            COPY --from=files /a /b
            COPY --from=one /a /b
            """
        let contexts = ["alpine": "docker-image://busybox:1", "files": "/some/where"]
        let graph = try graph(text, contexts: contexts)
        guard case .context(let name, .image(let reference))? = graph.node(0)?.base else {
            Issue.record("the image is not replaced")
            return
        }
        #expect(name == bytes("alpine") && reference.familiar == "busybox:1")
        #expect(
            graph.node(1)?.sources[bytes("files")] == .context(name: bytes("files"), .directory(bytes("/some/where"))))

        let shadowed = try self.graph(text, contexts: ["one": "oci-layout://store:tag", "files": "x"])
        #expect(shadowed.node(0)?.instructions.isEmpty == true)
        #expect(
            shadowed.node(0)?.base
                == .context(name: bytes("one"), .layout(path: bytes("store"), tag: "tag", digest: nil)))
    }

    @Test func anUnknownImageMayHaveBeenMeantToBeAStage() throws {
        let graph = try graph(
            "FROM scratch AS builder\nFROM scratch\nCOPY --from=buidler /a /b", contexts: ["files": "x"])
        #expect(graph.nodes.last?.sources == [bytes("buidler"): .image(bytes("buidler"))])
        let location = graph.nodes[0].stage.location
        #expect(graph.nearestName(to: bytes("buidler"), at: location) == "builder")
        #expect(graph.nearestName(to: bytes("flies"), at: location) == "files")
        #expect(graph.nearestName(to: bytes("alpine"), at: location) == nil)
    }

    @Test func triggersComeFirstAndMayNeedMoreStages() throws {
        let before = try graph("FROM scratch AS extra\nFROM parent\nRUN own")
        #expect(before.nodes.map(\.index) == [1])
        let after = try before.inserting(
            triggers: [bytes("RUN first"), bytes("COPY --from=extra /a /a")], into: 1)
        #expect(after.nodes.map(\.index) == [0, 1])
        #expect(
            after.node(1)?.instructions.map { String(decoding: $0.source, as: UTF8.self) }
                == ["RUN first", "COPY --from=extra /a /a", "RUN own"])
        #expect(throws: DockerfileError.self) { try before.inserting(triggers: [bytes("COPY --from=9 a b")], into: 1) }
    }

    @Test func aStageOnAStageBeginsWithItsScope() throws {
        let graph = try graph("FROM a AS one\nARG X=1\nENV Y=$X\nFROM one\nLABEL l=$X$Y$TARGETARCH")
        var first = graph.scope(environment: [bytes("PATH"): bytes("/bin")])
        for instruction in graph.nodes[0].instructions { _ = try first.expand(instruction) }
        var second = graph.scope(base: first)
        let expansion = try second.expand(graph.nodes[1].instructions[0])
        guard case .label(let pairs) = expansion.content else { return }
        #expect(pairs.map(\.value) == [bytes("11")])
    }

    @Test func thousandsOfStagesAreNoTrouble() throws {
        let stages = (1..<5_000).map { "FROM s\($0 - 1) AS s\($0)" }
        #expect(try graph((["FROM scratch AS s0"] + stages).joined(separator: "\n")).nodes.count == 5_000)
    }

    @Test func settingsAreReadFromArguments() throws {
        var request = BuildRequest(host: linux)
        request.arguments = [
            bytes("SOURCE_DATE_EPOCH"): bytes("100"), bytes("BUILDKIT_INLINE_CACHE"): bytes("1"), bytes("UNUSED"): [],
            bytes("HTTP_PROXY"): bytes("x"), bytes("TARGETARCH"): bytes("arm"),
        ]
        #expect(try request.sourceDateEpoch == 100)
        #expect(request.cachesInline && !request.keepsGitDirectory)
        let file = try Dockerfile.parse(bytes("FROM scratch\nARG USED"), name: "Dockerfile")
        #expect(request.unusedArguments(of: file) == [bytes("UNUSED")])
        request.arguments[bytes("SOURCE_DATE_EPOCH")] = bytes("now")
        #expect(throws: BuildError.self) { try request.sourceDateEpoch }
    }
}
