import Testing

@testable import Dockerfile

/// Whatever the bytes are, reading ends soon, with an answer.
@Suite struct HostileTests {
    /// Reads a file, expands it, checks it, and looks at each message that comes of it.
    private func digest(_ bytes: [UInt8]) {
        do {
            let file = try Dockerfile.parse(bytes, name: "Dockerfile")
            var context = CheckContext(build: linux, target: linux)
            context.ignoreFile = try? IgnoreFile.parse(bytes, name: ".dockerignore")
            let findings = try Checks.run(file, options: CheckOptions(), context: context)
            #expect(findings.allSatisfy { isOneLine($0.description) && $0.location.firstLine > 0 })
            let scope = try GlobalScope(file, build: linux, target: linux)
            for stage in file.stages {
                var scope = Scope(scope, escape: file.directives.escape, environment: [:])
                for instruction in stage.instructions {
                    let expansion = try scope.expand(instruction)
                    if case .run(let running) = expansion.content { _ = running.invocation }
                }
            }
        } catch {
            #expect(isOneLine("\(error)"))
        }
    }

    private func isOneLine(_ message: String) -> Bool {
        !message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f } && message.utf8.count < 2000
    }

    @Test("random files, of the words that mean something", arguments: 0..<300 as Range<UInt64>)
    func random(seed: UInt64) {
        let words =
            [
                "FROM", "RUN", "COPY", "ADD", "ENV", "ARG", "LABEL", "ONBUILD", "HEALTHCHECK", "SHELL", "EXPOSE",
                "VOLUME", "USER",
                "WORKDIR", "STOPSIGNAL", "CMD", "ENTRYPOINT", "MAINTAINER", " ", " ", " ", "\n", "\n", "\n", "\\\n",
                "\\", "`", "# escape=`\n",
                "# check=skip=all\n", "#", "<<EOF", "<<-'E'", "\nEOF\n", "\tE\n", "--mount=type=cache,target=/x",
                "--from=", "--chmod=u+x", "--",
                "=", "a", "b/c", "*", "**", "[", "]", "{", "}", "${", "${a:-", "${a//", "${a##*", "$a", "\"", "'", ",",
                "/", "[\"a\"]", "AS", "as",
                "scratch", "0", "80/tcp", "NONE", "\u{0}", "\u{feff}", "é", "\u{a0}", "\r\n", "!", "?", "%", ":", "\t",
            ].map { Array($0.utf8) } + [[0xff], [0xc3], [0x80, 0xe2]]
        var generator = Generator(seed: seed)
        var bytes = Array("FROM scratch\n".utf8)
        for _ in 0..<generator.next(120) { bytes += words[generator.next(words.count)] }
        digest(bytes)
    }

    @Test("files of other tests, spoiled byte by byte", arguments: 0..<200 as Range<UInt64>)
    func spoiled(seed: UInt64) {
        var generator = Generator(seed: seed)
        var bytes = Array(
            """
            # syntax=docker/dockerfile:1
            # check=skip=none
            ARG v=${w:-1}
            FROM --platform=$BUILDPLATFORM base:$v AS one
            ENV a="b c" d=\\${e}
            RUN --mount=type=cache,target=/c,sharing=locked <<EOF
            make ${x//a/b}
            EOF
            COPY --from=one --chmod=u=rwX,go=rX --exclude=*.txt a* "b c" /to/
            HEALTHCHECK --interval=5s CMD ["a", "\\u0041"]
            EXPOSE 80-90/tcp [::1]:1:1
            ONBUILD ADD --checksum=sha256:0 https://a /b
            """.utf8)
        for _ in 0...generator.next(6) {
            let index = generator.next(bytes.count)
            switch generator.next(3) {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: generator.next(256))
            case 1: bytes.remove(at: index)
            default: bytes.insert(UInt8(truncatingIfNeeded: generator.next(256)), at: index)
            }
        }
        digest(bytes)
    }

    /// A short text, and what it is made large with; the name of a case is not the large one.
    struct Large: Sendable, CustomTestStringConvertible {
        var front = ""
        var repeated: String
        var back = ""
        var testDescription: String { "\(front)(\(repeated))…\(back)" }

        var text: String { front + String(repeating: repeated, count: (1 << 16) / repeated.utf8.count) + back }
    }

    /// Each would take minutes if its time grew with the square of its size, or end the process if it took the stack.
    @Test(
        "large and deep files take a time that grows with their size", .timeLimit(.minutes(1)),
        arguments: [
            Large(front: "RUN ", repeated: "a"), Large(front: "RUN ", repeated: "\\\n"),
            Large(front: "RUN ", repeated: "\\\n# c\n"), Large(front: "ENV a=", repeated: "\""),
            Large(front: "ENV ", repeated: "a=b "), Large(front: "ENV a=", repeated: "${a:-"),
            Large(front: "ENV a=", repeated: "$"), Large(front: "ENV a=", repeated: "$b"),
            Large(front: "ENV a=", repeated: "${a}"), Large(front: "ENV a=", repeated: "\\"),
            Large(front: "CMD ", repeated: "["), Large(front: "CMD [", repeated: "{\"a\":[", back: "]"),
            Large(front: "CMD [", repeated: "\"a\",", back: "\"a\"]"), Large(front: "COPY ", repeated: "a ", back: "b"),
            Large(front: "COPY ", repeated: "<<A ", back: "b"), Large(repeated: "COPY <<A b\nA\n"),
            Large(repeated: "ONBUILD "), Large(repeated: "RUN a\n"), Large(repeated: "ENV a=b\n"),
            Large(repeated: "ARG a\n"), Large(repeated: "FROM a AS b\n"), Large(repeated: "FROM b AS b\nENV a=c\n"),
            Large(repeated: "# c\n"), Large(repeated: "# check=skip=all\n", back: "FROM a"),
            Large(front: "RUN ", repeated: "--mount=target=/a ", back: "ls"),
            Large(front: "RUN --mount=", repeated: "target=a,", back: "target=b ls"),
            Large(front: "EXPOSE ", repeated: "0-65535 "), Large(front: "EXPOSE ", repeated: ":"),
            Large(front: "COPY --chmod=", repeated: "u+x,", back: "u+x a b"),
            Large(front: "HEALTHCHECK --interval=", repeated: "1s", back: " CMD a"), Large(repeated: "\u{0}"),
            Large(repeated: "\n"), Large(repeated: "\r"), Large(repeated: " "),
            Large(front: "USER ", repeated: "\u{a0}"),
            Large(front: "LABEL a", repeated: " "), Large(front: "STOPSIGNAL ", repeated: "9"),
            Large(front: "FROM ", repeated: "a/"), Large(front: "FROM a:", repeated: "b"),
            Large(front: "FROM --platform=", repeated: "a/", back: " b"),
            Large(front: "ENV v=", repeated: "a", back: "\nENV a=${v//a*b/}${v#*b}${v%b*}${v//a/bb}"),
            Large(front: "WORKDIR ", repeated: "../"),
        ])
    func large(file: Large) {
        digest(Array(("FROM scratch\n" + file.text).utf8))
    }

    @Test("many names are no trouble either", .timeLimit(.minutes(1)))
    func manyNames() {
        var file = "FROM scratch\n"
        for number in 0..<5000 { file += "ARG a\(number)\nENV b\(number)=$c\(number)\n" }
        digest(Array(file.utf8))
        var stages = "FROM scratch AS s0\n"
        for number in 1..<5000 { stages += "FROM s\(number - 1) AS s\(number)\nENV b\(number)=c\n" }
        digest(Array(stages.utf8))
    }

    @Test(
        "patterns that would be slow by trial and error", .timeLimit(.minutes(1)),
        arguments: ["*a", "**/a", "a*", "?*", "[a-z]*", "**a", "*?"])
    func patterns(part: String) throws {
        let text = [UInt8](repeating: 0x61, count: 1024)
        let pattern = String(repeating: part, count: 500) + "b"
        #expect(!(try IgnoreFile.parse(Array(pattern.utf8), name: "x").ignores(text)))
    }

    @Test("patterns that are longer than any path, and many of them", .timeLimit(.minutes(1)))
    func longPatterns() throws {
        let text = [UInt8](repeating: 0x61, count: 1024)
        let long = try IgnoreFile.parse([UInt8](repeating: 0x2a, count: 1 << 17) + [0x62], name: "x")
        #expect(!long.ignores(text))
        let many = try IgnoreFile.parse(Array(String(repeating: "a*/b\n", count: 10_000).utf8), name: "x")
        #expect(!many.ignores(Array("c/d".utf8)))
    }

    @Test(
        "values that double with each line are refused",
        arguments: [
            ("ENV a=$a$a\n", "the value grows too long"), ("ARG a=\"$a$a\"\n", "the value grows too long"),
            ("ENV a=${a//x/$a$a}\n", "the value grows too long"), ("ENV a=${b:-$a$a}\n", "the value grows too long"),
        ])
    func doubling(line: String, message: String) {
        let file = "FROM scratch\nENV a=xx\n" + String(repeating: line, count: 60)
        #expect { try expanded(file) } throws: { "\($0)".contains(message) }
    }

    @Test("variables that take too much room together are refused")
    func room() {
        var file = "FROM scratch\nENV a=" + String(repeating: "x", count: 1 << 19) + "\n"
        for number in 0..<200 { file += "ENV a\(number)=$a\n" }
        #expect { try expanded(file) } throws: { "\($0)".hasSuffix("the variables take too much room") }
    }

    @Test("a pattern that takes too long on a value is refused")
    func budget() throws {
        let value = [UInt8](repeating: 0x61, count: 1000)
        var pattern = try ShellPattern(Array("*\(String(repeating: "?", count: 100))b".utf8)[...])
        #expect(try pattern.removingPrefix(of: value, longest: true) == value)
        pattern.budget = 10_000
        #expect(throws: Complaint.self) { try pattern.removingPrefix(of: value, longest: true) }
    }
}

/// Numbers that look random and are the same each time (xorshift).
private struct Generator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(truncatingIfNeeded: (state >> 11) % UInt64(max(bound, 1)))
    }
}
