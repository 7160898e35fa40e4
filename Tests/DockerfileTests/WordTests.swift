import Testing

@testable import Dockerfile

/// Quotes, escapes and variables in words.
@Suite struct WordTests {
    private static let variables: [[UInt8]: [UInt8]] = {
        var result: [[UInt8]: [UInt8]] = [:]
        for (name, value) in [
            ("PWD", "/home"), ("SHELL", "bash"), ("KOREAN", "한국어"), ("NULL", ""), ("FOO", "xxyy"), ("X", "x"),
            ("STARS", "a***yy*"), ("PATHS", "/foo*/*/*.txt"), ("DIR", "/tmp/tmp/bar.txt"), ("URL", "http://google.de"),
            ("NEEDLE", "\\*/"), ("LINES", "a\nb"), ("SPACED", "a  b"),
        ] { result[Array(name.utf8)] = Array(value.utf8) }
        return result
    }()

    private func expand(_ word: String, escape: UInt8 = 0x5c) throws -> String {
        text(try WordLexer(escape: escape).expand(Array(word.utf8), variables: Self.variables).text)
    }

    @Test(
        "quotes and escapes",
        arguments: [
            ("hello", "hello"), ("he'll'o", "hello"), ("'hello'", "hello"), ("\"hello\"", "hello"),
            ("he\\'llo", "he'llo"), ("he\\\\llo", "he\\llo"), ("\"he\\\\'llo\"", "he\\'llo"),
            ("'\\\\hello'", "\\\\hello"),
            ("\"\\\\hello\"", "\\hello"), ("\"\\hello\"", "\\hello"), ("he\\$PWD", "he$PWD"), ("he\\llo", "hello"),
            ("hello\\", "hello"), ("\"a\\\"b\"", "a\"b"), ("'$PWD'", "$PWD"), ("\"$PWD\"", "/home"),
            ("'\"'\"'\"", "\"'"), ("한국어", "한국어"), ("'한국어'", "한국어"), ("$KOREAN", "한국어"), ("안녕하세요${NULL}a", "안녕하세요a"),
            ("a  b", "a  b"), ("\\ a", " a"),
        ])
    func quotes(word: String, expected: String) throws {
        #expect(try expand(word) == expected)
    }

    @Test(
        "names",
        arguments: [
            ("$PWD", "/home"), ("$", "$"), ("a$", "a$"), ("a $ b", "a $ b"), ("$PWD$SHELL", "/homebash"),
            ("$PWDx", ""), ("${PWD}x", "/homex"), ("$PWD-x", "/home-x"), ("${NONE}", ""), ("$1a", "a"), ("$12a", "a"),
            ("$@x", "x"), ("$$x", "x"), ("${*}", ""), ("$=", "$="), ("$'x'", "$x"), ("$\u{e9}", ""), ("$X.$X", "x.x"),
            ("\"$\"", "$"), ("\"${PWD}\"", "/home"),
        ])
    func names(word: String, expected: String) throws {
        #expect(try expand(word) == expected)
    }

    @Test(
        "defaults and alternatives",
        arguments: [
            ("${PWD:-a}", "/home"), ("${NONE:-a}", "a"), ("${NULL:-a}", "a"), ("${NULL-a}", ""), ("${NONE-a}", "a"),
            ("${PWD:+a}", "a"), ("${NONE:+a}", ""), ("${NULL:+a}", ""), ("${NULL+a}", "a"), ("${NONE+a}", ""),
            ("${PWD?a}", "/home"), ("${NULL?a}", ""), ("${PWD:?a}", "/home"), ("${NONE:-}", ""),
            ("${NONE:-$PWD}", "/home"), ("${NONE:-${OTHER:-c}}", "c"), ("${NONE:-\"a}\"}", "a}"),
            ("${NONE:-a\\}b}", "a}b"),
            ("${NONE:-'$PWD'}", "$PWD"), ("${PWD:+${SHELL:+x}}", "x"), ("${NONE:-a b}", "a b"),
        ])
    func conditions(word: String, expected: String) throws {
        #expect(try expand(word) == expected)
    }

    @Test(
        "prefixes and suffixes",
        arguments: [
            ("${FOO#x}", "xyy"), ("${FOO#*x}", "xyy"), ("${FOO##*x}", "yy"), ("${FOO#*}", "xxyy"), ("${FOO##*}", ""),
            ("${FOO#$X}", "xyy"), ("${FOO#}", "xxyy"), ("${FOO##}", "xxyy"), ("${FOO#?}", "xyy"), ("${FOO#z}", "xxyy"),
            ("${FOO#*x*y}", "y"), ("${FOO##*x*y}", ""), ("${FOO%y}", "xxy"), ("${FOO%y*}", "xxy"), ("${FOO%%y*}", "xx"),
            ("${FOO%*}", "xxyy"), ("${FOO%}", "xxyy"), ("${FOO%%$NULL}", "xxyy"), ("${FOO%z}", "xxyy"),
            ("${STARS%%\\**\\*}", "a"), ("${STARS#a\\*}", "**yy*"), ("${NONE#x}", ""), ("${KOREAN#?}", "국어"),
            ("${KOREAN%?}", "한국"), ("${LINES#*b}", "a\nb"), ("${LINES##*}", "\nb"), ("${DIR##*/}", "bar.txt"),
            ("${DIR%/*}", "/tmp/tmp"),
        ])
    func trims(word: String, expected: String) throws {
        #expect(try expand(word) == expected)
    }

    @Test(
        "replacements",
        arguments: [
            ("${FOO/x/a}", "axyy"), ("${FOO//x/a}", "aayy"), ("${FOO/x/}", "xyy"), ("${FOO//x/}", "yy"),
            ("${FOO/x*/a}", "a"), ("${FOO//?/a}", "aaaa"), ("${FOO/$NULL/ww}", "wwxxyy"), ("${FOO///}", "xxyy"),
            ("${FOO//$NULL/-}", "-x-x-y-y-"), ("${PATHS/$NEEDLE/.}", "/foo.*/*.txt"),
            ("${PATHS//$NEEDLE/.}", "/foo..*.txt"),
            ("${DIR/\\/tmp/}", "/tmp/bar.txt"), ("${URL/http:\\/\\//https:\\/\\/}", "https:\\/\\/google.de"),
            ("${FOO/xy/$X$X}", "xxxy"), ("${NONE/a/b}", ""), ("${FOO/yy/\"z\"}", "xxz"), ("${KOREAN//?/a}", "aaa"),
        ])
    func replacements(word: String, expected: String) throws {
        #expect(try expand(word) == expected)
    }

    @Test(
        "what is malformed is refused, with the word and the reason",
        arguments: [
            ("'a", "the matching single quote"), ("\"a", "the matching double quote"), ("${", "missing '}'"),
            ("${}", "bad substitution"), ("${{x}", "bad substitution"), ("${:x}", "bad substitution"),
            ("${PWD", "missing '}'"), ("${PWD:-a", "missing '}'"), ("${PWD:", "missing '}'"),
            ("${PWD=a}", "unsupported modifier"),
            ("${PWD:=a}", "unsupported modifier"), ("${PWD:#a}", "unsupported modifier"),
            ("${PWD:%a}", "unsupported modifier"), ("${NONE?}", "NONE: is not allowed to be unset"),
            ("${NULL:?}", "NULL: is not allowed to be empty"), ("${NONE:?say $PWD}", "NONE: say /home"),
            ("${FOO//ww}", "missing '/'"), ("${FOO/a", "missing '/'"), ("${FOO/a/b", "missing '}'"),
            ("${FOO#\\x}", "invalid escape in pattern"), ("${PWD.a}", "unsupported modifier"),
        ])
    func malformed(word: String, reason: String) {
        #expect {
            try WordLexer(escape: 0x5c).expand(Array(word.utf8), variables: Self.variables)
        } throws: {
            guard let complaint = $0 as? Complaint else { return false }
            return complaint.message.hasPrefix("expand \(quoted(Array(word.utf8))): ")
                && complaint.message.contains(reason)
        }
    }

    @Test("the backtick escapes where the file says so")
    func backtick() throws {
        #expect(try expand("a`$PWD\\b", escape: 0x60) == "a$PWD\\b")
        #expect(try expand("\"`\"\\\"", escape: 0x60) == "\"\\")
    }

    @Test("which variables were there, and which were not")
    func matches() throws {
        let result = try WordLexer(escape: 0x5c).expand(
            Array("$PWD ${NONE:-$OTHER} $NONE ${NULL:-x}".utf8), variables: Self.variables)
        #expect(result.matched == [Array("PWD".utf8), Array("NULL".utf8)])
        #expect(texts(result.unmatched) == ["OTHER", "NONE"])
    }

    @Test(
        "words are split after expansion, outside quotes",
        arguments: [
            ("a b", ["a", "b"]), ("  a \t b ", ["a", "b"]), ("'a b' c", ["a b", "c"]), ("$SPACED", ["a", "b"]),
            ("\"$SPACED\"", ["a  b"]), ("a\\ b", ["a b"]), ("$NULL", []), ("''", []), ("a$SPACED", ["aa", "b"]),
            ("a\u{a0}b", ["a", "b"]),
        ])
    func words(line: String, expected: [String]) throws {
        let result = try WordLexer(escape: 0x5c).expand(
            Array(line.utf8), variables: Self.variables, collectsWords: true)
        #expect(texts(result.words) == expected)
    }

    @Test("bytes that are no UTF-8 stay as they are")
    func bytes() throws {
        let word: [UInt8] = [0xff, 0x24, 0x58, 0x27, 0x80, 0x00, 0x27, 0xc3]
        #expect(
            try WordLexer(escape: 0x5c).expand(word, variables: Self.variables).text
                == [0xff, 0x78, 0x80, 0x00, 0xc3])
        let value: [UInt8] = [0xff, 0x61, 0xfe]
        let trimmed = try WordLexer(escape: 0x5c).expand(Array("${V#?}".utf8), variables: [Array("V".utf8): value])
        #expect(trimmed.text == [0x61, 0xfe])
    }
}
