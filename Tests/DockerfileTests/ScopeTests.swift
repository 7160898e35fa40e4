import Testing

@testable import Dockerfile

/// Which arguments and variables an instruction sees, and which of its words they are put into.
@Suite struct ScopeTests {
    private func words(_ expansion: Expansion) -> [String] {
        switch expansion.content {
        case .env(let pairs), .label(let pairs): pairs.flatMap { [text($0.key), text($0.value)] }
        case .arg(let arguments): arguments.map { text($0.name) + "=" + ($0.value.map(text) ?? "nil") }
        case .user(let word), .workdir(let word), .stopsignal(let word), .maintainer(let word): [text(word)]
        case .volume(let words), .expose(let words), .shell(let words): texts(words)
        case .copy(let copy), .add(let copy):
            texts(copy.sources) + [text(copy.destination)]
                + [copy.owner, copy.chmod, copy.checksum].compactMap { $0.map(text) }
        case .cmd(let command), .entrypoint(let command): texts(command.words)
        case .run(let running): texts(running.command.words)
        case .healthcheck(let check): texts(check.test)
        case .onbuild(let trigger): [text(trigger.expression)]
        }
    }

    @Test(
        "instructions whose words are expanded, and those whose are not",
        arguments: [
            ("ENV $k=$v \"x\"='$v'", ["key", "a b", "x", "$v"]), ("LABEL $k=\"$v\"", ["key", "a b"]),
            ("LABEL k '$v' $v", ["k", "$v a b"]),
            ("USER $k", ["key"]), ("WORKDIR /$k/\\$k", ["/key/$k"]), ("VOLUME /$k [", ["/key", "["]),
            ("VOLUME [\"/$k\"]", ["/key"]), ("STOPSIGNAL ${s:-9}", ["9"]), ("EXPOSE 90 ${q:-80}", ["80", "90"]),
            ("EXPOSE $p", ["8", "9"]),
            ("COPY --chown=$k --chmod=${m:-755} $k \"$v\" /$k/", ["key", "a b", "/key/", "key", "755"]),
            ("ADD --checksum=$k https://$k /", ["https://key", "/", "key"]),
            ("RUN echo $k", ["echo $k"]), ("CMD $k", ["$k"]), ("ENTRYPOINT [\"$k\"]", ["$k"]),
            ("SHELL [\"$k\"]", ["$k"]),
            ("MAINTAINER $k", ["$k"]), ("HEALTHCHECK CMD $k", ["CMD-SHELL", "$k"]), ("ONBUILD RUN $k", ["RUN $k"]),
        ])
    func expansion(line: String, expected: [String]) throws {
        let last = try expanded("FROM a\nENV k=key v='a b' p='8 9'\n" + line).last
        #expect(last.map(words) == expected)
    }

    @Test("ENV sees what was before it, not its own pairs")
    func environment() throws {
        let steps = try expanded("FROM a\nENV a=1 b=${a:-none}\nENV c=$a$b PATH=$PATH:/x\nUSER $c$PATH")
        #expect(words(steps[0]) == ["a", "1", "b", "none"])
        #expect(words(steps[2]) == ["1none/bin:/x"])
    }

    @Test("ARG: the value given for the build, else its default, else the global one")
    func arguments() throws {
        let file =
            "ARG g=global\nARG h=$g-h\nFROM a\nARG g\nARG h=own\nARG given=no\nARG none\nARG d=$given\nUSER $g$h$d$none"
        #expect(words(try expanded(file, ["given": "yes"])[5]) == ["globalownyes"])
        #expect(words(try expanded(file, ["g": "G", "h": "H"])[5]) == ["GHno"])
        #expect(words(try expanded("ARG g=global\nFROM a\nUSER x$g")[0]) == ["x"])
        #expect(words(try expanded("FROM a\nARG a=1 b=$a\nUSER $b")[1]) == ["1"])
    }

    @Test("predefined arguments are there after ARG, and can be given other values")
    func predefined() throws {
        let file = "FROM a AS last\nARG TARGETPLATFORM TARGETOS TARGETARCH BUILDPLATFORM TARGETSTAGE TARGETVARIANT"
        #expect(
            words(try expanded(file, ["TARGETARCH": "arm64"])[0]) == [
                "TARGETPLATFORM=linux/amd64", "TARGETOS=linux", "TARGETARCH=arm64", "BUILDPLATFORM=linux/amd64",
                "TARGETSTAGE=last", "TARGETVARIANT=",
            ])
        #expect(words(try expanded("FROM a\nUSER x$TARGETOS")[0]) == ["x"])
    }

    @Test("proxies given for the build need no ARG")
    func proxies() throws {
        let scope = try globalScope(try read("FROM a"), ["HTTP_PROXY": "p", "no_proxy": "q", "OTHER": "r"])
        #expect(Set(scope.proxies.keys.map(text)) == ["HTTP_PROXY", "no_proxy"])
    }

    @Test("FROM sees global arguments and predefined ones")
    func bases() throws {
        let file = try read("ARG v=1\nARG e\nFROM --platform=$TARGETOS/arm64 a:${v}\nFROM $e\nFROM --platform=$NOPE b")
        let scope = try globalScope(file, ["v": "2"])
        #expect(text(try scope.base(of: file.stages[0])) == "a:2")
        #expect(try scope.platform(of: file.stages[0], host: linux)?.description == "linux/arm64")
        #expect(try scope.platform(of: file.stages[1], host: linux) == nil)
        #expect { try scope.base(of: file.stages[1]) } throws: {
            "\($0)" == "Dockerfile:4: the base name should not be blank: \"$e\""
        }
        #expect { try scope.platform(of: file.stages[2], host: linux) } throws: {
            "\($0)" == "Dockerfile:5: empty platform value from expression: \"$NOPE\""
        }
    }

    @Test("a stage on another one goes on with what that had")
    func inheritance() throws {
        let file = try read("FROM a AS one\nARG x=1\nENV y=2\nFROM one\nUSER $x$y")
        var scope = Scope(try globalScope(file), escape: 0x5c, environment: [:])
        for instruction in file.stages[0].instructions { _ = try scope.expand(instruction) }
        var copy = scope
        #expect(words(try copy.expand(file.stages[1].instructions[0])) == ["12"])
        #expect(scope.arguments == [Argument(name: [0x78], value: [0x31])])
    }

    @Test("variables that are neither set nor declared are named")
    func undefined() throws {
        #expect(texts(try expanded("FROM a\nARG d\nUSER $a$d$PATH$b$a")[1].undefined) == ["a", "b"])
    }

    @Test(
        "what is wrong after expansion names the line and the text",
        arguments: [
            ("STOPSIGNAL SIGTREM", "invalid signal: \"SIGTREM\" (did you mean SIGTERM?)"),
            ("STOPSIGNAL $x", "invalid signal: \"\""),
            ("VOLUME $x", "VOLUME can not be an empty string"),
            ("EXPOSE 80/tpc", "invalid protocol in EXPOSE: \"tpc\" (did you mean tcp?)"),
            ("COPY --chmod=888 a b", "invalid chmod, it should be an octal number between 0 and 07777: \"888\""),
            ("COPY --chmod=u~x a b", "invalid chmod: \"u~x\""), ("USER ${x", "expand \"${x\": missing '}'"),
            ("RUN --mount=type=chace ls", "unsupported mount type: \"chace\" (did you mean cache?)"),
            ("RUN --mount=taregt=/x ls", "unexpected key in --mount: \"taregt\" (did you mean target?)"),
            ("RUN --mount=type=bind,mode=1 ls", "mode, uid or gid is not allowed for bind mounts"),
            ("RUN --mount=type=bind,required ls", "required is not allowed for bind mounts"),
            ("RUN --mount=type=cache,size=1 ls", "size is not allowed for cache mounts"),
            ("RUN --mount=type=bind,sharing=locked ls", "sharing is not allowed for bind mounts"),
            ("RUN --mount=type=cache,sharing=lock ls", "unsupported sharing value: \"lock\" (did you mean locked?)"),
            ("RUN --mount=type=secret ls", "a secret mount needs an id, source or target"),
            ("RUN --mount=type=secret,id=a,src=b ls", "a secret mount cannot have both source and id"),
            ("RUN --mount=type=secret,id=a,from=b ls", "a secret mount should not have a from"),
            ("RUN --mount=target ls", "a field of --mount must be a key=value pair: \"target\""),
            ("RUN --mount=type=ssh,mode=9 ls", "invalid value for mode: \"9\""),
        ])
    func mistakes(line: String, message: String) {
        #expect { try expanded("FROM a\n" + line) } throws: { "\($0)" == "Dockerfile:2: " + message }
    }

    private func mounts(_ line: String) throws -> [Mount] { try expanded("FROM a\nENV x=1\nRUN " + line)[1].mounts }

    @Test("mounts and all their keys")
    func mounts() throws {
        let cache = try mounts(
            "--mount=type=cache,id=n$x,TARGET=/c,from=s,source=/d,sharing=Locked,mode=0750,uid=$x,gid=2 ls")[0]
        #expect(cache.kind == .cache && cache.sharing == .locked && !cache.isReadOnly)
        #expect([cache.id, cache.target, cache.from, cache.source].map { $0.map(text) } == ["n1", "/c", "s", "/d"])
        #expect(cache.mode == 0o750 && cache.uid == 1 && cache.gid == 2)
        let bind = try mounts("--mount=target=/t,src=a,rw --mount='type=bind,\"dst=/a,b\"' ls")
        #expect(bind[0].kind == .bind && !bind[0].isReadOnly && bind[0].source.map(text) == "a")
        #expect(bind[1].isReadOnly && bind[1].target.map(text) == "/a,b")
        let tmpfs = try mounts("--mount=type=tmpfs,destination=/t,size=1.5g ls")[0]
        #expect(tmpfs.kind == .tmpfs && tmpfs.size == 3 << 29 && !tmpfs.isReadOnly)
        let secret = try mounts("--mount=type=secret,id=k,required,env=K ls")[0]
        #expect(secret.isRequired && secret.environment.map(text) == "K" && secret.isReadOnly)
        let agent = try mounts("--mount=type=ssh,required=false,readonly=0 ls")[0]
        #expect(agent.kind == .ssh && !agent.isRequired && !agent.isReadOnly)
    }
}
