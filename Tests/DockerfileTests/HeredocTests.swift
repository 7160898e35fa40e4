import Testing

@testable import Dockerfile

/// Here-documents in `RUN`, `COPY` and `ADD`.
@Suite struct HeredocTests {
    private func heredocs(_ text: String) throws -> [Heredoc] {
        guard case .run(let running) = try content(text) else { return [] }
        return running.command.heredocs
    }

    @Test(
        "a word announces one, unless it is quoted as a whole",
        arguments: [
            ("<<EOF", "EOF", true, false), ("<<-EOF", "EOF", true, true), ("<<'EOF'", "EOF", false, false),
            ("<<\"EOF\"", "EOF", false, false), ("<<EO\"F\"", "EOF", false, false), ("3<<EOF", "EOF", true, false),
            ("<<eo\\'f", "eo'f", true, false), ("<<'e'o\\'f", "eo'f", false, false),
            ("<<'one two'", "one two", false, false),
            ("<<$EOF", "$EOF", true, false), ("<<file.txt", "file.txt", true, false),
            ("<<  EOF", "EOF", true, false), ("<<\tEOF  > foo", "EOF", true, false), ("<< -EOF", "-EOF", true, false),
        ])
    func announced(word: String, name: String, expands: Bool, stripsTabs: Bool) throws {
        let found = try heredocs("RUN \(word)\n\tx $y\n\(name)\nUSER z")
        #expect(found.map { text($0.name) } == [name])
        #expect(found.map(\.expands) == [expands])
        #expect(found.map(\.stripsTabs) == [stripsTabs])
        #expect(found.map { text($0.content) } == ["\tx $y\n"])
        #expect(found.map { text($0.text) } == [stripsTabs ? "x $y\n" : "\tx $y\n"])
    }

    @Test(
        "other words announce none",
        arguments: [
            "RUN \"<<EOF\"", "RUN '<<EOF'", "RUN [\"<<EOF\"]", "RUN echo $((1<<2))", "RUN echo \"$((1 << 2))\"",
            "RUN cat <<- EOF", "RUN cat <<<EOF", "RUN a<<EOF",
            "RUN <<", "RUN <<-", "RUN echo <<EOF it's",
        ])
    func none(line: String) throws {
        #expect(try heredocs(line).isEmpty)
    }

    @Test("several are read one after another, and comments in them are content")
    func several() throws {
        let found = try heredocs("RUN <<A cat <<B\n# one\nB\nA\ntwo \\\n\nB\n")
        #expect(found.map { text($0.content) } == ["# one\nB\n", "two \\\n\n"])
    }

    @Test("with <<- tabs before the end word do not count, and carriage returns never")
    func ends() throws {
        #expect(try heredocs("RUN <<-E\r\n\ta\r\n\tE\r\nUSER x").map { text($0.text) } == ["a\r\n"])
        #expect(mistake("RUN <<E\n\tE\n") == "Dockerfile:2: unterminated heredoc: \"E\"")
    }

    @Test(
        "what a RUN executes",
        arguments: [
            ("RUN <<EOF\necho a\nEOF\n", Running.Invocation.shell(Array("echo a\n".utf8))),
            ("RUN <<-EOF\n\techo a\n\tEOF\n", .shell(Array("echo a\n".utf8))),
            (
                "RUN <<EOF\n#!/usr/bin/env python\nprint()\nEOF\n",
                .script(name: Array("EOF".utf8), content: Array("#!/usr/bin/env python\nprint()\n".utf8))
            ),
            ("RUN << EOF\necho a\nEOF\n", .shell(Array("echo a\n".utf8))),
            ("RUN <<EOF python3\nprint()\nEOF\n", .shell(Array("<<EOF python3\nprint()\nEOF".utf8))),
            ("RUN <<A cat <<-B\n1\nA\n\t2\n\tB\n", .shell(Array("<<A cat <<-B\n1\nA\n\t2\nB".utf8))),
            ("RUN echo a", .shell(Array("echo a".utf8))),
            ("RUN [\"a\", \"b\"]", .program([Array("a".utf8), Array("b".utf8)])),
        ])
    func invocations(line: String, invocation: Running.Invocation) throws {
        guard case .run(let running) = try content(line) else {
            Issue.record("this is a RUN")
            return
        }
        #expect(running.invocation == invocation)
    }

    @Test("COPY takes them as files, with variables where the word is not quoted")
    func files() throws {
        let expansion = try expanded(
            "FROM a\nENV X=1\nCOPY <<one <<-'two' three /to\n\t\"$X\" 'b' \\$X\none\n\t$X\n\ttwo\n")[1]
        guard case .copy(let copying) = expansion.content else {
            Issue.record("this is a COPY")
            return
        }
        #expect(texts(copying.sources) == ["three"])
        #expect(copying.files.map { text($0.name) } == ["one", "two"])
        #expect(copying.files.map { text($0.content) } == ["\t\"1\" 'b' $X\n", "$X\n"])
    }

    @Test("an ONBUILD trigger keeps its own")
    func triggers() throws {
        guard case .onbuild(let trigger) = try content("ONBUILD RUN <<EOF\na\nEOF\nUSER b") else {
            Issue.record("this is an ONBUILD")
            return
        }
        #expect(text(trigger.expression) == "RUN <<EOF\na\nEOF")
        let location = SourceLocation(file: "other", firstLine: 7, lastLine: 7)
        let instruction = try Dockerfile.trigger(trigger.expression, at: location)
        #expect(instruction.location == location)
        guard case .run(let running) = instruction.content else {
            Issue.record("this is a RUN")
            return
        }
        #expect(running.invocation == .shell(Array("a\n".utf8)))
    }

    @Test("a destination cannot be one")
    func destination() {
        #expect(
            mistake("COPY a <<EOF\nEOF\n") == "Dockerfile:2: COPY cannot accept a heredoc as a destination: \"<<EOF\"")
    }
}
