import Testing

@testable import Dockerfile

/// Every instruction, with every flag.
@Suite struct InstructionTests {
    private func bytes(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

    @Test(
        "FROM has a base, perhaps a platform and a name",
        arguments: [
            ("FROM a", "a", nil, nil), ("from a:1@sha256:0 As B-1_c.d", "a:1@sha256:0", nil, "b-1_c.d"),
            ("FROM --platform=$BUILDPLATFORM a AS b", "a", "$BUILDPLATFORM", "b"),
            ("FROM  ${X:-y}", "${X:-y}", nil, nil),
        ])
    func from(line: String, base: String, platform: String?, name: String?) throws {
        let stage = try read(line).stages[0]
        #expect(text(stage.base) == base)
        #expect(stage.platform.map(text) == platform)
        #expect(stage.name == name)
    }

    @Test(
        "the shell form is one word, the exec form a JSON array",
        arguments: [
            ("CMD a  'b' c", ["a  'b' c"], true), ("CMD [\"a\",\"b c\"]", ["a", "b c"], false), ("CMD", [], true),
            ("CMD []", [], false), ("CMD [ \"a\" , \"\\u0041\\n\\\"\" ] ", ["a", "A\n\""], false),
            ("CMD [\"\\ud83d\\ude00\", \"\\ud83d\"]", ["😀", "\u{fffd}"], false), ("CMD ['a']", ["['a']"], true),
            ("CMD [\"a\"] b", ["[\"a\"] b"], true), ("CMD [\"a\",]", ["[\"a\",]"], true), ("CMD [a]", ["[a]"], true),
            ("CMD [\"a", ["[\"a"], true), ("CMD [01]", ["[01]"], true), ("CMD [[[[", ["[[[["], true),
        ])
    func forms(line: String, words: [String], isShellForm: Bool) throws {
        #expect(try content(line) == .cmd(Command(words: bytes(words), isShellForm: isShellForm)))
        let entrypoint = "ENTRYPOINT" + line.dropFirst(3)
        #expect(try content(entrypoint) == .entrypoint(Command(words: bytes(words), isShellForm: isShellForm)))
    }

    @Test(
        "a JSON array of other things is a mistake",
        arguments: [
            "CMD [1]", "RUN [\"a\", null]", "CMD [\"a\", {\"b\": [1, -2.5e3, true, \"c\"]}]", "VOLUME [[]]",
            "COPY [\"a\", 2]",
            "SHELL [false]", "HEALTHCHECK CMD [{}]",
        ])
    func otherArrays(line: String) {
        #expect(mistake(line)?.contains("a JSON array must be of strings only") == true)
    }

    @Test(
        "ENV and LABEL take pairs, or one in the old form",
        arguments: [
            ("a=b", [("a", "b")], false),
            (
                "a=b c='d e' f=\"g\\\"h\" i=j\\ k", [("a", "b"), ("c", "'d e'"), ("f", "\"g\\\"h\""), ("i", "j\\ k")],
                false
            ),
            ("a=", [("a", "")], false), ("a=b=c", [("a", "b=c")], false), ("a b c  d", [("a", "b c  d")], true),
            ("a  b=c", [("a", "b=c")], true), ("\"a b\"=c", [("\"a b\"", "c")], false), ("a=b\\", [("a", "b")], false),
        ])
    func pairs(line: String, pairs: [(String, String)], isLegacy: Bool) throws {
        let expected = pairs.map {
            KeyValue(key: Array($0.0.utf8), value: Array($0.1.utf8), isLegacy: isLegacy)
        }
        #expect(try content("ENV " + line) == .env(expected))
        #expect(try content("LABEL " + line) == .label(expected))
    }

    @Test("ARG takes names, with defaults or without")
    func arguments() throws {
        #expect(
            try content("ARG a b= c='d e'")
                == .arg([
                    Argument(name: Array("a".utf8)), Argument(name: Array("b".utf8), value: []),
                    Argument(name: Array("c".utf8), value: Array("'d e'".utf8)),
                ]))
    }

    @Test("COPY has all its flags")
    func copy() throws {
        guard
            case .copy(let copy) = try content(
                "COPY --from=base --chown=1:a --chmod=u=rwX --link --parents --exclude=*.txt --exclude=b a b/ /c/")
        else {
            Issue.record("this is a COPY")
            return
        }
        #expect(texts(copy.sources) == ["a", "b/"])
        #expect(text(copy.destination) == "/c/")
        #expect(copy.from.map(text) == "base")
        #expect(copy.owner.map(text) == "1:a")
        #expect(copy.chmod.map(text) == "u=rwX")
        #expect(copy.isLink && copy.keepsParents)
        #expect(texts(copy.excludes) == ["*.txt", "b"])
    }

    @Test("ADD has all its flags")
    func add() throws {
        guard
            case .add(let add) = try content(
                "ADD --checksum=sha256:0 --keep-git-dir --unpack=false --link=false [\"https://a/b c\", \"/d e\"]")
        else {
            Issue.record("this is an ADD")
            return
        }
        #expect(texts(add.sources) == ["https://a/b c"])
        #expect(text(add.destination) == "/d e")
        #expect(add.checksum.map(text) == "sha256:0")
        #expect(add.keepsGitDirectory == true)
        #expect(add.unpacks == false)
        #expect(!add.isLink)
        guard case .add(let plain) = try content("ADD a b") else { return }
        #expect(plain.unpacks == nil && plain.keepsGitDirectory == nil)
    }

    @Test("RUN has all its flags")
    func run() throws {
        guard
            case .run(let run) = try content(
                "RUN --mount=type=bind,from=a --mount=type=cache,target=/c --network=none --security=insecure "
                    + "--device=vendor.com/gpu=all,required ls -l")
        else {
            Issue.record("this is a RUN")
            return
        }
        #expect(run.mountFlags.count == 2)
        #expect(run.mountSources.map { $0.map(text) } == ["a", nil])
        #expect(run.network == .none)
        #expect(run.security == .insecure)
        #expect(run.devices.map { text($0.name) } == ["vendor.com/gpu=all"])
        #expect(run.devices.map(\.isRequired) == [true])
        #expect(run.invocation == .shell(Array("ls -l".utf8)))
    }

    @Test("HEALTHCHECK")
    func healthcheck() throws {
        guard
            case .healthcheck(let check) = try content(
                "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=100ms --retries=3 "
                    + "cmd  a  b")
        else {
            Issue.record("this is a HEALTHCHECK")
            return
        }
        #expect(texts(check.test) == ["CMD-SHELL", "a  b"])
        #expect(check.interval == 90_000_000_000)
        #expect(check.timeout == 1_500_000_000)
        #expect(check.startPeriod == 0)
        #expect(check.startInterval == 100_000_000)
        #expect(check.retries == 3)
        guard case .healthcheck(let exec) = try content("HEALTHCHECK CMD [\"a\"]"),
            case .healthcheck(let none) = try content("HEALTHCHECK NONE")
        else { return }
        #expect(texts(exec.test) == ["CMD", "a"])
        #expect(texts(none.test) == ["NONE"])
    }

    @Test(
        "the rest take words",
        arguments: [
            ("USER a b", Instruction.Content.user(Array("a b".utf8))), ("WORKDIR /a b", .workdir(Array("/a b".utf8))),
            ("STOPSIGNAL 9", .stopsignal([0x39])), ("MAINTAINER a <b@c>", .maintainer(Array("a <b@c>".utf8))),
            ("EXPOSE 80 22/tcp", .expose([Array("22/tcp".utf8), Array("80".utf8)])),
            ("VOLUME /a /b", .volume([Array("/a".utf8), Array("/b".utf8)])),
            ("VOLUME [\" /a\"]", .volume([Array("/a".utf8)])),
            ("SHELL [\"a\", \"-c\"]", .shell([[0x61], Array("-c".utf8)])),
            ("ONBUILD COPY a b", .onbuild(Trigger(expression: Array("COPY a b".utf8)))),
            ("onbuild run [\"a\"]", .onbuild(Trigger(expression: Array("run [\"a\"]".utf8)))),
        ])
    func others(line: String, expected: Instruction.Content) throws {
        #expect(try content(line) == expected)
    }

    @Test(
        "mistakes name the line and the text, and guess what was meant",
        arguments: [
            ("RUNN ls", "unknown instruction: \"RUNN\" (did you mean RUN?)"),
            ("copyy a b", "unknown instruction: \"copyy\" (did you mean copy?)"),
            ("FOOBAR", "unknown instruction: \"FOOBAR\""),
            ("FROM a b", "FROM requires either one or three arguments: \"a b\""),
            ("FROM a AZ b", "FROM requires either one or three arguments: \"AZ\" (did you mean AS?)"),
            ("FROM a AS 1b", "invalid name for build stage, it can't start with a number or contain symbols: \"1b\""),
            ("FROM --platfrom=a b", "unknown flag: \"--platfrom\" (did you mean --platform?)"),
            ("COPY --form=a b c", "unknown flag: \"--form\" (did you mean --from?)"),
            ("COPY a", "COPY requires at least two arguments, a source and a destination: \"a\""),
            ("COPY --link=maybe a b", "--link must be true or false: \"maybe\""),
            ("COPY --link= a b", "missing a value on flag: \"--link\""),
            ("COPY --from a b c", "missing a value on flag: \"--from\""),
            ("COPY --chown=a --chown=b c d", "duplicate flag specified: \"--chown\""),
            (
                "COPY --from=$x a b",
                "variables are not expanded in --from, define a stage with FROM and a global ARG instead: \"$x\""
            ),
            (
                "RUN --mount=from=$x,target=/a ls",
                "variables are not expanded in from, define a stage with FROM instead: \"from=$x\""
            ),
            ("RUN --network=hots ls", "unknown value of --network: \"hots\" (did you mean host?)"),
            ("RUN --mount= ls", "the value is empty"),
            ("RUN --mount='a\"b' ls", "a quote is out of place: \"a\\\"b\""),
            ("ENV a", "ENV must have two arguments: \"a\""), ("ENV", "ENV requires at least one argument"),
            ("ENV a=b c", "can't find = in a word of ENV, must be of the form name=value: \"c\""),
            ("LABEL =a", "LABEL names can not be blank: \"=a\""), ("ARG =a", "ARG names can not be blank: \"=a\""),
            ("ARG", "ARG requires at least one argument"), ("ARG --x a", "unknown flag: \"--x\""),
            ("USER", "USER requires exactly one argument"), ("WORKDIR", "WORKDIR requires exactly one argument"),
            ("MAINTAINER --boo joe", "unknown flag: \"--boo\""), ("EXPOSE", "EXPOSE requires at least one argument"),
            ("VOLUME", "VOLUME requires at least one argument"), ("VOLUME [\"\"]", "VOLUME can not be an empty string"),
            ("SHELL a -c", "SHELL requires the arguments to be in JSON form: \"a -c\""),
            ("SHELL []", "SHELL requires at least one argument"),
            ("ONBUILD", "ONBUILD requires at least one argument"),
            ("ONBUILD ONBUILD RUN a", "chaining ONBUILD via ONBUILD ONBUILD isn't allowed"),
            ("ONBUILD FROM a", "FROM isn't allowed as an ONBUILD trigger"),
            ("ONBUILD MAINTAINER a", "MAINTAINER isn't allowed as an ONBUILD trigger"),
            ("ONBUILD COPY a", "COPY requires at least two arguments, a source and a destination: \"a\""),
            ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
            ("HEALTHCHECK CMD", "missing command after HEALTHCHECK CMD"),
            ("HEALTHCHECK NONE a", "HEALTHCHECK NONE takes no arguments: \"a\""),
            ("HEALTHCHECK curl x", "unknown type in HEALTHCHECK: \"curl\""),
            ("HEALTHCHECK --interval=1 CMD a", "invalid duration of --interval: \"1\""),
            ("HEALTHCHECK --interval=50ns CMD a", "--interval cannot be less than 1ms: \"50ns\""),
            ("HEALTHCHECK --retries=-1 CMD a", "--retries must be a number that is not negative: \"-1\""),
        ])
    func mistakes(line: String, message: String) {
        #expect(mistake(line) == "Dockerfile:2: " + message)
    }

    @Test("stages are found by name, number and target")
    func lookup() throws {
        let file = try read("FROM a AS one\nFROM one AS Two\nFROM b AS two\nFROM two")
        let here = file.stages[3].location
        #expect(file.base(Array("two".utf8), of: 3) == .stage(2))
        #expect(file.base(Array("TWO".utf8), of: 3) == .external(Array("TWO".utf8)))
        #expect(file.base(Array("two".utf8), of: 1) == .external(Array("two".utf8)))
        #expect(try file.source(Array("TWO".utf8), in: 3, at: here) == .stage(2))
        #expect(try file.source(Array("1".utf8), in: 3, at: here) == .stage(1))
        #expect(try file.source(Array("image".utf8), in: 3, at: here) == .external(Array("image".utf8)))
        #expect(throws: DockerfileError.self) { try file.source(Array("3".utf8), in: 3, at: here) }
        #expect(throws: DockerfileError.self) { try file.source(Array("4".utf8), in: 3, at: here) }
        #expect(throws: DockerfileError.self) { try file.source(Array("two".utf8), in: 0, at: here) }
        #expect(try file.target(nil) == 3)
        #expect(try file.target("ONE") == 0)
        #expect { try file.target("ones") } throws: { "\($0)".hasSuffix("(did you mean one?)") }
    }
}
