import Configuring
import Dockerfile
import OCI
import Testing

@Suite("Instructions change an image's configuration")
struct ConfigRules {
    private func changed(_ changes: String..., from execution: Execution = Execution()) throws -> Execution {
        var editor = ConfigEditor(ImageConfig(execution: execution))
        try editor.apply(changes: changes.map { Array($0.utf8) })
        return editor.config.execution
    }

    private func refusal(_ change: String) -> String? {
        var editor = ConfigEditor(ImageConfig())
        let before = editor.config
        do throws(ConfigurationError) {
            try editor.apply(changes: [Array("USER nobody".utf8), Array(change.utf8)])
        } catch {
            #expect(editor.config == before)
            return error.description
        }
        return nil
    }

    @Test("Commands: the shell form goes to the shell, the exec form stays as it is")
    func commands() throws {
        #expect(try changed("CMD echo  hi").command == ["/bin/sh", "-c", "echo  hi"])
        #expect(try changed(#"CMD ["a", "b c"]"#).command == ["a", "b c"])
        #expect(try changed("CMD []").command == [])
        #expect(try changed(#"SHELL ["/bin/bash", "-lc"]"#, "CMD x").command == ["/bin/bash", "-lc", "x"])
        #expect(try changed(#"SHELL ["/bin/bash", "-lc"]"#).shell == ["/bin/bash", "-lc"])
    }

    @Test("An entrypoint drops the command of the base image, not one that was set here")
    func entrypoint() throws {
        var base = Execution()
        base.command = ["old"]
        base.entrypoint = ["older"]
        let dropped = try changed(#"ENTRYPOINT ["run"]"#, from: base)
        #expect(dropped.entrypoint == ["run"] && dropped.command == nil)
        let kept = try changed(#"CMD ["new"]"#, #"ENTRYPOINT ["run"]"#, from: base)
        #expect(kept.entrypoint == ["run"] && kept.command == ["new"])
        #expect(try changed("ENTRYPOINT []", from: base).entrypoint == nil)
    }

    @Test("Variables take the place of their predecessors and are expanded by what was set before")
    func environment() throws {
        var base = Execution()
        base.environment = ["PATH=/bin", "A=1", "AB=2"]
        let result = try changed("ENV A=$AB B=\"x y\"", "ENV C ${B}/$PATH\nENV PATH=/opt:$PATH", from: base)
        #expect(result.environment == ["PATH=/opt:/bin", "A=2", "AB=2", "B=x y", "C=x y//bin"])
    }

    @Test("Sets stay sorted and hold each element once")
    func sets() throws {
        let result = try changed(
            "EXPOSE 80 443/tcp 53/udp 8000-8002", "EXPOSE 80/TCP", #"VOLUME ["/b", "/a"]"#, "VOLUME /a /c")
        #expect(
            result.exposedPorts == ["443/tcp", "53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"])
        #expect(result.volumes == ["/a", "/b", "/c"])
    }

    @Test(
        "Working directories are absolute and clean",
        arguments: [
            ("/a", "b", "/a/b"), ("/a", "/c", "/c"), ("", "b", "/b"), ("/a/b", "..", "/a"), ("/", "../..//x/./", "/x"),
        ])
    func workingDirectory(_ current: String, _ path: String, _ wanted: String) throws {
        var base = Execution()
        base.workingDirectory = current
        #expect(try changed("WORKDIR \(path)", from: base).workingDirectory == wanted)
    }

    @Test("Labels, users, signals, triggers and health checks")
    func rest() throws {
        let result = try changed(
            "LABEL a=1 b=\"two words\"", "LABEL a=3", "USER 1000:100", "STOPSIGNAL SIGQUIT", "ONBUILD RUN make",
            "HEALTHCHECK --interval=5s --timeout=1m --retries=3 CMD curl -f localhost")
        #expect(result.labels == ["a": "3", "b": "two words"])
        #expect(result.user == "1000:100" && result.stopSignal == "SIGQUIT" && result.onBuild == ["RUN make"])
        #expect(
            result.healthcheck
                == Execution.Healthcheck(
                    test: ["CMD-SHELL", "curl -f localhost"], interval: 5_000_000_000, timeout: 60_000_000_000,
                    retries: 3))
        #expect(try changed("HEALTHCHECK NONE").healthcheck?.test == ["NONE"])
    }

    @Test("What does not say how an image runs is refused, and changes nothing")
    func refused() {
        for change in ["RUN make", "COPY a b", "ADD a b", "ARG x=1", "MAINTAINER me"] {
            #expect(refusal(change)?.contains("does not say how an image runs") == true, "\(change)")
        }
        #expect(refusal("FROM x") == "--change:1: FROM begins a stage, it cannot stand here")
        #expect(refusal("CMT x") == #"--change:1: unknown instruction: "CMT" (did you mean CMD?)"#)
        #expect(refusal("STOPSIGNAL SIGNOTHING")?.contains("invalid signal") == true)
        #expect(refusal("USER a\nEXPOSE nothing")?.hasPrefix("--change:2: ") == true)
    }

    @Test("Text that is no UTF-8 is refused: a configuration could not hold it")
    func notText() {
        var editor = ConfigEditor(ImageConfig())
        #expect(throws: ConfigurationError.self) { try editor.apply(changes: [Array("USER ".utf8) + [0xff]]) }
        #expect(editor.config == ImageConfig())
    }
}
