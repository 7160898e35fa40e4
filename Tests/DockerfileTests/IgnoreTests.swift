import Testing

@testable import Dockerfile

/// `.dockerignore`, `--exclude`, and patterns of sources.
@Suite struct IgnoreTests {
    private func file(_ text: String) throws -> IgnoreFile {
        try IgnoreFile.parse(Array(text.utf8), name: ".dockerignore")
    }

    /// Asked for a path alone, and in a walk from the top: the answers must agree.
    private func ignores(_ file: IgnoreFile, _ path: String) -> Bool {
        let bytes = Array(path.utf8)
        let alone = file.ignores(bytes)
        var matches = IgnoreFile.Matches.none
        for end in bytes.indices where bytes[end] == 0x2f && end > 0 {
            matches = file.ignores(Array(bytes[..<end]), below: matches).matches
        }
        #expect(file.ignores(bytes, below: matches).isIgnored == alone)
        return alone
    }

    @Test(
        "one pattern",
        arguments: [
            ("*", "a.go", true), ("*.go", "a.go", true), ("*.go", "a/b.go", false), ("**", "a", true),
            ("**", "a/b", true),
            ("**/", "a", true), ("**/**", "a/b", true), ("dir/**", "dir/file", true), ("dir/**", "dir/a/b", true),
            ("abc/**", "abc", false),
            ("**/dir", "dir", true), ("**/dir", "dir/file", true), ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/**", "dir/dir2/dir3/file", true), ("**file", "file", true), ("**file", "dir/dir/file", true),
            ("**file", "dir/xfile", true),
            ("**/file", "dir/file", true), ("**/file", "xfile", false), ("**/file*.txt", "dir/dir/file.txt", true),
            ("**/**/*.txt", "dir/dir/file.txt", true), ("**/**/*.txt2", "dir/dir/file.txt", false),
            ("**/*.txt", "file.txt", true),
            ("a**/*.txt", "a/file.txt", true), ("a**/*.txt", "a/dir/dir/file.txt", true),
            ("a/*.txt", "a/dir/file.txt", false),
            ("a/*.txt", "a/file.txt", true), ("a/*.txt**", "a/file.txt", true), ("a[b-d]e", "ae", false),
            ("a[b-d]e", "ace", true),
            ("a[b-d]e", "aae", false), ("a[^b-d]e", "aze", true), (".*", ".foo", true), (".*", "foo", false),
            ("abc.def", "abcdef", false),
            ("abc.def", "abcZdef", false), ("abc?def", "abcZdef", true), ("abc?def", "abcdef", false),
            ("**/foo/bar", "dir/dir2/foo/bar", true),
            ("**/.foo", "bar.foo", false), ("a(b)c/def", "a(b)c/def", true), ("a(b)c/def", "a(b)c/xyz", false),
            ("a.|)$(}+{bc", "a.|)$(}+{bc", true), ("a\\\\", "a\\", true), ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false), ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true), ("a???b", "a☺b", false), ("[a-ζ]*", "α", true), ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false), ("[\\]a]", "]", true), ("[\\-x]", "-", true), ("[x\\-]", "z", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false), ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("docs", "docs", true), ("docs", "docs/a/b", true), ("docs/", "docs/a", true), ("/docs", "docs/a", true),
            ("./docs//x/..", "docs/a", true),
            ("docs", "docsx", false), ("doc", "docs", false), ("  docs  ", "docs", true), ("*/b", "a/b/c", true),
            ("#docs", "#docs", false),
            (" #docs", "#docs", true), ("\\#docs", "#docs", true), ("../a", "a", false), (".", "a", false),
            ("a]", "a]", true), ("a**b", "ab", true),
            ("a**b", "ax/b", true), ("a**b", "axb", false), ("**x**", "y/x/z", true), ("**x**", "ax", false),
        ])
    func single(pattern: String, path: String, expected: Bool) throws {
        #expect(ignores(try file(pattern), path) == expected)
    }

    @Test(
        "later patterns win, and '!' takes back",
        arguments: [
            ("!a.go\n*.go", "a.go", true), ("*.go\n!a.go", "a.go", false),
            ("docs\n!docs/README.md", "docs/README.md", false),
            ("docs/\n!docs/README.md", "docs/README.md", false), ("docs/*\n!docs/README.md", "docs/README.md", false),
            ("docs\n!docs/README.md", "docs/other", true), ("**\n!util/docker/web", "util/docker/web/foo", false),
            ("**\n!util/docker/web\nutil/docker/web/foo", "util/docker/web/foo", true),
            ("**\n!dist/*.whl", "dist/x.whl", false),
            ("*\n! /a/b", "a/b", false), ("*\n!a", "a/b", false), ("a\n!a/b\na/b/c", "a/b/c", true),
            ("a/b\n!a", "a/b", false),
            ("*\n\n# !a\n!b", "a", true), ("\u{feff}a", "a", true), ("a\r\n!b\r\n", "a", true),
        ])
    func several(patterns: String, path: String, expected: Bool) throws {
        #expect(ignores(try file(patterns), path) == expected)
    }

    @Test(
        "malformed patterns are refused with their line",
        arguments: [
            "[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[^", "[^bc", "a[", "\\", "!", "! ", "a\\",
        ])
    func malformed(pattern: String) {
        #expect { try file("a\n" + pattern) } throws: {
            "\($0)".hasPrefix(".dockerignore:2: ") && "\($0)".hasSuffix(quoted(Array(pattern.utf8).trimmed))
        }
    }

    @Test(
        "a directory that is left out is entered only where something may be kept",
        arguments: [
            ("a\n!a/b/c", "a", true), ("a\n!a/b/c", "a/b", true), ("a\n!a/b/c", "a/b/c", false),
            ("a\n!a/b/c", "a/x", false),
            ("a\n!**/c", "a", true), ("a\n!a/*/c", "a/x", true), ("a\n!a/*/c", "b", false), ("a\n!b", "a", false),
            ("a", "a", false),
            ("a\n!b*", "a", false),
        ])
    func pruning(patterns: String, directory: String, expected: Bool) throws {
        #expect(try file(patterns).mayKeep(below: Array(directory.utf8)) == expected)
    }

    @Test("--exclude takes patterns as they are")
    func excludes() throws {
        let here = SourceLocation(file: "Dockerfile", firstLine: 3, lastLine: 3)
        let file = try IgnoreFile(patterns: [Array("*.txt".utf8), Array("!a.txt".utf8), []], at: here)
        #expect(file.ignores(Array("b.txt".utf8)) && !file.ignores(Array("a.txt".utf8)))
        #expect { try IgnoreFile(patterns: [[0x5b]], at: here) } throws: {
            "\($0)" == "Dockerfile:3: syntax error in pattern: \"[\""
        }
    }

    @Test("names are bytes: no encoding is assumed, and a star takes any of them")
    func bytes() throws {
        let patterns = try IgnoreFile.parse([0xff, 0x2a, 0x0a, 0x3f, 0x78], name: "x")
        #expect(patterns.ignores([0xff, 0x0a, 0xfe]))
        #expect(patterns.ignores([0xfe, 0x78]))
        #expect(!patterns.ignores([0xfe, 0xfe]))
    }

    @Test(
        "sources are patterns of filepath.Match, with '**' where directories may be crossed",
        arguments: [
            ("a*/b", "abc/b", true, true), ("a*", "ab/c", false, false), ("**/c", "a/b/c", false, true),
            ("**/c", "a/c", true, true),
            ("*.[ch]", "x.h", true, true), ("dir/**", "dir/a/b", false, true), ("a\\?", "a?", true, true),
            ("a\\?", "ab", false, false),
        ])
    func globs(pattern: String, path: String, plain: Bool, crossing: Bool) throws {
        let here = SourceLocation(file: "Dockerfile", firstLine: 1, lastLine: 1)
        let bytes = Array(pattern.utf8)
        #expect(try Glob(bytes, crossesDirectories: false, at: here).matches(Array(path.utf8)) == plain)
        #expect(try Glob(bytes, crossesDirectories: true, at: here).matches(Array(path.utf8)) == crossing)
    }

    @Test(
        "what of a source is a plain directory",
        arguments: [
            ("a/b/c*", "a/b/", "c*"), ("a/b", "a/b", ""), ("*/b", "", "*/b"), ("a\\*/b", "a\\*/b", ""),
            ("/a/[b]/c", "/a/", "[b]/c"),
        ])
    func split(source: String, directory: String, pattern: String) {
        let parts = Glob.split(Array(source.utf8))
        #expect(text(parts.directory) == directory)
        #expect(text(parts.pattern) == pattern)
        #expect(Glob.isPattern(Array(source.utf8)) == !pattern.isEmpty)
    }

    @Test(
        "paths are shortened as filepath.Clean does",
        arguments: [
            ("", "."), ("a/./b//c/", "a/b/c"), ("a/../..", ".."), ("/..", "/"), ("/a/../b", "/b"),
            ("../../a", "../../a"), ("//", "/"),
        ])
    func clean(path: String, expected: String) {
        #expect(text(CleanPath.clean(Array(path.utf8))) == expected)
    }
}
