import Testing

@testable import Dockerfile

/// BuildKit's build checks, with the cases of its documentation.
@Suite struct CheckTests {
    private func check(
        _ text: String, options: String? = nil, configure: (inout CheckContext) -> Void = { _ in }
    ) throws -> [String] {
        let file = try read(text)
        var context = CheckContext(build: linux, target: linux)
        configure(&context)
        let here = SourceLocation(file: "option", firstLine: 1, lastLine: 1)
        let checks = try options.map { try CheckOptions(Array($0.utf8), at: here) } ?? CheckOptions(of: file)
        return try Checks.run(file, options: checks, context: context).map {
            "\($0.location.firstLine) \($0.rule.rawValue): \($0.message)"
        }
    }

    @Test(
        "names of stages",
        arguments: [
            ("FROM a AS BadName", ["1 StageNameCasing: Stage name 'BadName' should be lowercase"]),
            ("FROM a as b", ["1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match"]),
            ("from a AS b", ["1 FromAsCasing: 'AS' and 'from' keywords' casing do not match"]),
            (
                "FROM a AS b\nFROM a AS b",
                ["2 DuplicateStageName: Duplicate stage name \"b\", stage names should be unique"]
            ),
            (
                "FROM a AS scratch\nFROM a AS context",
                [
                    "1 ReservedStageName: Stage name should not use the same name as reserved stage \"scratch\"",
                    "2 ReservedStageName: Stage name should not use the same name as reserved stage \"context\"",
                ]
            ),
            ("FROM scratch\nFROM scratch AS a", []),
        ])
    func stageNames(file: String, expected: [String]) throws {
        #expect(try check(file) == expected)
    }

    @Test(
        "the case of instructions",
        arguments: [
            (
                "From scratch\nFROM scratch",
                [
                    "1 ConsistentInstructionCasing: Command 'From' should match the case of the command majority (uppercase)"
                ]
            ),
            (
                "FROM scratch\ncopy a b\nCOPY a b",
                [
                    "2 ConsistentInstructionCasing: Command 'copy' should match the case of the command majority (uppercase)"
                ]
            ),
            (
                "from scratch\ncopy a b\nCOPY a b",
                [
                    "3 ConsistentInstructionCasing: Command 'COPY' should match the case of the command majority (lowercase)"
                ]
            ),
            (
                "frOM scratch as base\nfrom scratch as base2",
                [
                    "1 ConsistentInstructionCasing: Command 'frOM' should match the case of the command majority (lowercase)"
                ]
            ),
            ("arg a\nFROM scratch\nCOPY a b", []), ("from scratch\ncopy a b", []),
        ])
    func casing(file: String, expected: [String]) throws {
        #expect(try check(file) == expected)
    }

    @Test(
        "forms that are out of use",
        arguments: [
            ("COPY a \\\n\n.", ["4 NoEmptyContinuation: Empty continuation line"]),
            ("MAINTAINER a", ["2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label"]),
            (
                "ENV a b",
                ["2 LegacyKeyValueFormat: \"ENV key=value\" should be used instead of legacy \"ENV key value\" format"]
            ),
            (
                "LABEL a b",
                [
                    "2 LegacyKeyValueFormat: \"LABEL key=value\" should be used instead of legacy \"LABEL key value\" format"
                ]
            ),
            (
                "EXPOSE 80/TcP",
                ["2 ExposeProtoCasing: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase"]
            ),
            ("EXPOSE 80/tcp 8080", []),
            (
                "EXPOSE 127.0.0.1:80:80",
                [
                    "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80'"
                ]
            ),
            (
                "EXPOSE 5:6",
                [
                    "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '5:6'"
                ]
            ),
            (
                "CMD a",
                [
                    "2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals"
                ]
            ),
            (
                "ENTRYPOINT a",
                [
                    "2 JSONArgsRecommended: JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals"
                ]
            ),
            ("SHELL [\"x\"]\nCMD a", []), ("CMD [\"a\"]", []), ("RUN a", []),
            (
                "WORKDIR app/",
                [
                    "2 WorkdirRelativePath: Relative workdir \"app/\" can have unexpected results if the base image changes"
                ]
            ),
            ("WORKDIR /a\nWORKDIR b", []),
        ])
    func forms(line: String, expected: [String]) throws {
        #expect(try check("FROM scratch\n" + line) == expected)
    }

    @Test("a stage on another one goes on with its shell and directory")
    func inheritance() throws {
        #expect(try check("FROM scratch AS a\nSHELL [\"x\"]\nWORKDIR /y\nFROM a\nCMD z\nWORKDIR sub") == [])
    }

    @Test("of several the earlier ones are reported, in one stage")
    func several() throws {
        let message = "instructions should not be used in the same stage because only the last one will be used"
        let file =
            "FROM scratch AS a\nENTRYPOINT [\"a\"]\nCMD [\"a\"]\nHEALTHCHECK CMD [\"a\"]\nENTRYPOINT [\"b\"]\nCMD [\"b\"]\n"
            + "HEALTHCHECK CMD [\"b\"]\nFROM a\nCMD [\"c\"]"
        #expect(
            try check(file) == [
                "2 MultipleInstructionsDisallowed: Multiple ENTRYPOINT \(message)",
                "3 MultipleInstructionsDisallowed: Multiple CMD \(message)",
                "4 MultipleInstructionsDisallowed: Multiple HEALTHCHECK \(message)",
            ])
    }

    @Test("secrets, by the words of a name")
    func secrets() throws {
        func message(_ line: Int, _ what: String) -> String {
            "\(line) SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (\(what))"
        }
        let file =
            "ARG SECRET\nFROM scratch\nARG SECRET_PASSPHRASE\nENV SUPER_Secret=foo\nENV password=bar secret=baz\n"
            + "ARG auth=bar\nENV apikey=bar sunflower=foo\nENV git_key=\nENV PUBLIC_KEY=a KEY_FILE=b TOKEN_VERSION=c monkey=d"
        #expect(
            try check(file) == [
                message(3, "ARG \"SECRET_PASSPHRASE\""), message(4, "ENV \"SUPER_Secret\""),
                message(5, "ENV \"password\""),
                message(5, "ENV \"secret\""), message(6, "ARG \"auth\""), message(7, "ENV \"apikey\""),
                message(8, "ENV \"git_key\""),
            ])
    }

    @Test(
        "variables that nobody defines",
        arguments: [
            ("COPY $foo .\nARG foo=bar\nRUN echo $foo", ["2 UndefinedVar: Usage of undefined variable '$foo'"]),
            ("ARG foo\nCOPY x${foo} .", []), ("RUN echo $foo", []),
            (
                "ARG DIR_ASSETS=a\nCOPY $DIR_ASSET .",
                ["3 UndefinedVar: Usage of undefined variable '$DIR_ASSET' (did you mean $DIR_ASSETS?)"]
            ),
            ("ENV PATH=$PAHT:/tmp/bin", ["2 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)"]),
        ])
    func undefined(lines: String, expected: [String]) throws {
        #expect(try check("FROM scratch\n" + lines) == expected)
        #expect(try check("FROM unknown\n" + lines) == [])
        let known = try check("FROM known\n" + lines) { context in
            context.baseImages[0] = CheckContext.BaseImage(
                environment: [Array("foo".utf8): []], hasShell: false, platform: linux)
        }
        #expect(known == expected.filter { !$0.contains("$foo") })
    }

    @Test(
        "arguments and platforms in FROM",
        arguments: [
            ("ARG base=scratch\nFROM $base", []), ("FROM --platform=$BUILDPLATFORM scratch", []),
            ("FROM a:latest${version} AS b", ["1 UndefinedArgInFrom: FROM argument 'version' is not declared"]),
            (
                "ARG my_tag=a\nFROM a:${my_tag}${my_tga} AS b",
                ["2 UndefinedArgInFrom: FROM argument 'my_tga' is not declared (did you mean my_tag?)"]
            ),
            (
                "FROM --platform=$TARGETPLATFORM a",
                [
                    "1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior"
                ]
            ),
            (
                "FROM --platform=linux/arm64 a AS b",
                [
                    "1 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value \"linux/arm64\""
                ]
            ),
            ("FROM --platform=linux/arm64 a AS build_arm64", []),
            (
                "ARG v\nFROM a:$v",
                ["2 InvalidDefaultArgInFrom: Default value for ARG a:$v results in empty or invalid base image name"]
            ),
            ("ARG v=1\nFROM a:$v", []), ("ARG v\nFROM a${v:+:}$v", []),
        ])
    func bases(file: String, expected: [String]) throws {
        #expect(try check(file) { $0.buildArguments = [Array("v".utf8): Array("2".utf8)] } == expected)
    }

    @Test("a base image for another platform")
    func basePlatform() throws {
        let found = try check("FROM a\nFROM --platform=$BUILDPLATFORM b") { context in
            let image = CheckContext.BaseImage(
                environment: [:], hasShell: false, platform: BuildPlatform(os: "linux", architecture: "arm64"))
            context.target = BuildPlatform(os: "linux", architecture: "arm64")
            context.baseImages = [0: image, 1: image]
        }
        #expect(
            found == [
                "2 InvalidBaseImagePlatform: Base image b was pulled with platform \"linux/arm64\", expected \"linux/amd64\" for current build"
            ])
    }

    @Test(
        "sources that the ignore file leaves out",
        arguments: [
            (
                "Dockerfile", "COPY Dockerfile .",
                ["2 CopyIgnoredFile: Attempting to Copy file \"Dockerfile\" that is excluded by .dockerignore"]
            ),
            (
                "Dockerfile", "ADD ./Dockerfile /x",
                ["2 CopyIgnoredFile: Attempting to Add file \"Dockerfile\" that is excluded by .dockerignore"]
            ),
            (
                "a", "COPY a/b .",
                ["2 CopyIgnoredFile: Attempting to Copy file \"a/b\" that is excluded by .dockerignore"]
            ),
            ("a\n!a/b", "COPY a/b .", []), ("a", "COPY --from=x a .", []), ("a", "COPY . .", []),
            ("*", "COPY . .", ["2 CopyIgnoredFile: Attempting to Copy file \".\" that is excluded by .dockerignore"]),
            ("**/x", "ADD https://a/x .", []), ("foobar", "COPY Dockerfile /foobar", []),
        ])
    func ignored(ignore: String, line: String, expected: [String]) throws {
        let file = try IgnoreFile.parse(Array(ignore.utf8), name: ".dockerignore")
        #expect(try check("FROM scratch\n" + line) { $0.ignoreFile = file } == expected)
        #expect(try check("FROM scratch\n" + line) == [])
    }

    @Test(
        "descriptions, when asked for",
        arguments: [
            (
                "# bar this\nARG foo=bar",
                ["3 InvalidDefinitionDescription: Comment for ARG should follow the format: `# foo <description>`"]
            ),
            ("# foo this\nARG foo=bar", []), ("# bar\n\nARG foo", []), ("# bar\n#\nARG foo", []),
            (
                "# x\nARG a b",
                [
                    "3 InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`"
                ]
            ),
            (
                "# x\nFROM scratch AS stage",
                ["3 InvalidDefinitionDescription: Comment for FROM should follow the format: `# stage <description>`"]
            ),
            ("# x\nFROM scratch", []),
        ])
    func descriptions(lines: String, expected: [String]) throws {
        let file = lines.contains("FROM") ? lines : lines + "\nFROM scratch"
        #expect(try check("# check=experimental=InvalidDefinitionDescription\n" + file) == expected)
        #expect(try check("\n" + file) == [])
    }

    @Test(
        "rules are skipped by name, all at once, and for one instruction by its comment",
        arguments: [
            ("#check=skip=all\n", nil, 0), ("#check=skip=ConsistentInstructionCasing,FromAsCasing\n", nil, 0),
            ("#check=skip=ConsistentInstructionCasing\n", nil, 1),
            ("#check=skip=ConsistentInstructionCasing;error=true\n", nil, 1),
            ("#check=skip=all\n", "skip=ConsistentInstructionCasing", 1), ("", nil, 2), ("", "", 2),
            ("\n# check=skip=FromAsCasing\n", nil, 1),
            ("\n# check=skip=all\n", nil, 1), ("\n# check=nonsense\n", nil, 2),
        ])
    func skipping(head: String, options: String?, count: Int) throws {
        #expect(try check(head + "FROM scratch as base\ncopy Dockerfile .\n", options: options).count == count)
    }

    @Test("experimental rules are not skipped with the others, and the build fails when asked")
    func options() throws {
        let here = SourceLocation(file: "option", firstLine: 1, lastLine: 1)
        let options = try CheckOptions(Array("skip=all;experimental=all;error=true".utf8), at: here)
        #expect(options.runs(.invalidDefinitionDescription) && !options.runs(.undefinedVar) && options.failsBuild)
        #expect(CheckRule.allCases.count == 22)
        for wrong in ["skip", "skpi=all", "error=maybe"] {
            #expect(throws: DockerfileError.self) { try CheckOptions(Array(wrong.utf8), at: here) }
        }
    }

    @Test("only stages that are needed are followed")
    func stages() throws {
        let file = "FROM scratch AS first\nCOPY $foo .\nFROM scratch AS second\nCOPY $bar .\nFROM second"
        let message = "UndefinedVar: Usage of undefined variable"
        #expect(try check(file) == ["2 \(message) '$foo'", "4 \(message) '$bar'"])
        #expect(try check(file) { $0.stages = [1, 2] } == ["4 \(message) '$bar'"])
    }
}
