import Testing

@testable import Dockerfile

/// Lines become statements: directives, comments, continuations.
@Suite struct StatementTests {
    private func sources(_ text: String) throws -> [String] {
        let file = try read(text)
        return file.globalArguments.map { DockerfileTests.text($0.source) }
            + file.stages.flatMap {
                [DockerfileTests.text($0.source)] + $0.instructions.map { DockerfileTests.text($0.source) }
            }
    }

    @Test(
        "continuation lines are joined without what is between them",
        arguments: [
            ("RUN a \\\n b", "RUN a  b"),
            ("RUN a \\  \t\n b", "RUN a  b"),
            ("RUN a \\\r\n b\r\n", "RUN a  b"),
            ("RUN a \\\n# comment\n   # another\n b", "RUN a  b"),
            ("RUN a \\\n\n   \n b", "RUN a  b"),
            ("RUN a \\\\\nRUN b", "RUN a \\\\"),
            ("RUN \\\n\\\nb", "RUN b"),
            ("  RUN a", "RUN a"),
            ("RUN a # no comment", "RUN a # no comment"),
            ("RUN a \\", "RUN a"),
        ])
    func continuations(line: String, joined: String) throws {
        #expect(try sources("FROM scratch\n" + line)[1] == joined)
    }

    @Test("the escape directive changes what continues a line")
    func escapeDirective() throws {
        #expect(try sources("# escape=`\nFROM scratch\nRUN a `\n b \\\n")[1] == "RUN a  b \\")
        #expect(try read("#   eSCape = `  \nFROM a").directives.escape == 0x60)
        #expect(try read("# escape=\\\nFROM a").directives.escape == 0x5c)
    }

    @Test(
        "directives end with the first line that is none",
        arguments: [
            "\n# escape=`\nFROM a", "# comment\n# escape=`\nFROM a", "# unknown=x\n# escape=`\nFROM a",
            "FROM a\n# escape=`",
            "#escape\n# escape=`\nFROM a",
        ])
    func lateDirectives(text: String) throws {
        #expect(try read(text).directives.escape == 0x5c)
    }

    @Test("syntax and check are read up to a space, behind a byte order mark or a '#!' line")
    func otherDirectives() throws {
        let file = try read("\u{feff}# syntax=docker/dockerfile:1 more\n# check=skip=all;error=true\nFROM a")
        #expect(file.directives.syntax.map(text) == "docker/dockerfile:1")
        #expect(file.directives.check.map(text) == "skip=all;error=true")
        #expect(try read("#!/bin/build\n#check=error=true\nFROM a").directives.check.map(text) == "error=true")
    }

    @Test(
        "wrong directives are refused",
        arguments: [
            ("# escape=x\nFROM a", "Dockerfile:1: escape must be a backslash or a backtick: \"x\""),
            (
                "# escape=`\n# escape=\\\nFROM a",
                "Dockerfile:2: only one escape parser directive can be used: \"# escape=\\\\\""
            ),
        ])
    func wrongDirectives(text: String, message: String) {
        #expect { try read(text) } throws: { "\($0)" == message }
    }

    @Test("an instruction knows its lines, here-documents included")
    func locations() throws {
        let stage = try read("FROM a\n\nRUN b \\\n  c\nRUN <<EOF\n1\n2\nEOF\nUSER d").stages[0]
        #expect(stage.location == SourceLocation(file: "Dockerfile", firstLine: 1, lastLine: 1))
        #expect(stage.instructions.map(\.location.firstLine) == [3, 5, 9])
        #expect(stage.instructions.map(\.location.lastLine) == [4, 8, 9])
    }

    @Test("comments right above belong to an instruction; a blank line or an empty comment cuts them off")
    func comments() throws {
        let file = try read("# a\n# b\nARG x\n# c\n\n# d\nARG y\n# e\n#\n# f\nFROM z\nARG w")
        #expect(file.globalArguments.map { texts($0.comments) } == [["a", "b"], ["d"]])
        #expect(texts(file.stages[0].comments) == ["f"])
        #expect(file.stages[0].instructions[0].comments.isEmpty)
    }

    @Test("comments describe stages and arguments by their names")
    func descriptions() throws {
        let file = try read(
            "# foo sets foo\nARG foo=bar\n\n# base defines first stage\nFROM busybox AS Base\n# irrelevant\nARG foo\n"
                + "# bar defines bar\n# baz is something else\nARG bar baz=123\n")
        #expect(file.stages[0].description.map(text) == "defines first stage")
        guard case .arg(let two) = file.stages[0].instructions[1].content,
            case .arg(let one) = file.stages[0].instructions[0].content
        else {
            Issue.record("these are ARG instructions")
            return
        }
        #expect(two.map { $0.description.map(text) } == ["defines bar", "is something else"])
        #expect(one[0].description == nil)
    }

    @Test(
        "flags are taken off the front, with their quotes",
        arguments: [
            ("COPY --from=a --chown=b c d", ["--from=a", "--chown=b"], "c d"),
            ("COPY --from=\"a b\"  c d", ["--from=a b"], "c d"),
            ("COPY --from='a'\\ b c d", ["--from=a b"], "c d"),
            ("RUN -- --x", [], "--x"),
            ("RUN a --b", [], "a --b"),
            ("RUN --a=\"", ["--a="], ""),
        ])
    func flags(line: String, flags: [String], rest: String) {
        let location = SourceLocation(file: "x", firstLine: 1, lastLine: 1)
        let statement = Statement(Array(line.utf8), comments: [], escape: 0x5c, at: location)
        #expect(texts(statement.flags) == flags)
        #expect(text(statement.rest) == rest)
    }

    @Test("the escape directive counts in flags too")
    func flagEscape() throws {
        let file = try read("# escape=`\nFROM a\nCOPY --chown=a` b\\ c d")
        guard case .copy(let copy) = file.stages[0].instructions[0].content else {
            Issue.record("this is a COPY")
            return
        }
        #expect(copy.owner.map(text) == "a b\\")
    }

    @Test(
        "files that hold nothing to build are refused",
        arguments: [
            ("", "the file is empty"), ("\n# a\n", "file with no instructions"), ("ARG a\n", "no stages to build"),
            ("RUN a\n", "no build stage in current context, FROM must come first: \"RUN\""),
            ("\u{0}\n", "unknown instruction: \"\\x00\""),
        ])
    func nothing(text: String, reason: String) {
        #expect { try read(text) } throws: { "\($0)" == "Dockerfile:1: " + reason }
    }
}
