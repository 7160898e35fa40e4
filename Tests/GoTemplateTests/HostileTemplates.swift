import GoTemplate
import Testing

@Suite("Hostile templates and values") struct HostileTemplates {
    /// Numbers that look random, and are the same every time.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) &* 0x9E37_79B9_7F4A_7C15
        }
    }

    private static let pieces = [
        "{{", "}}", "{{-", "-}}", " ", "\n", ".", ".ID", "$", "$x", ":=", "=", "|", ",", "(", ")", "if ", "else ",
        "end",
        "range ", "with ", "break", "continue", "eq ", "index ", "printf ", "\"%d\"", "\"%-9.3q\"", "\"", "`", "'",
        "\\", "1",
        "-", "0x", "1e9", ".5", "nil", "true", "/*", "*/", "len ", "join ", "split ", "json ", "é", "\u{0}", ".Names",
        "slice ",
    ]

    @Test("Whatever a template is made of, it is run or refused in one line")
    func soup() {
        var dice = Dice(state: 7)
        var count = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<24, using: &dice)).map { _ in
                Self.pieces.randomElement(using: &dice) ?? ""
            }
            .joined()
            do throws(TemplateError) {
                _ = try Template(text).render(data)
                count += 1
            } catch {
                #expect(!error.description.contains("\n") && error.description.utf8.count < 1000, "\(text)")
            }
        }
        #expect(count > 100)
    }

    private func failure(_ text: String, _ value: Value = data) -> String? {
        do throws(TemplateError) {
            _ = try Template(text).render(value)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("Nesting is bounded")
    func nesting() {
        let deep = 50_000
        let open = String(repeating: "{{if 1}}", count: deep) + String(repeating: "{{end}}", count: deep)
        #expect(failure(open) == "parse template: nested deeper than 100")
        let parentheses = "{{" + String(repeating: "(", count: deep) + "1" + String(repeating: ")", count: deep) + "}}"
        #expect(failure(parentheses) == "parse template: nested deeper than 100")
        let otherwise = "{{if 0}}" + String(repeating: "{{else if 0}}", count: deep) + "{{else}}x{{end}}"
        #expect(failure(otherwise) == nil)
        #expect(failure("{{" + String(repeating: "print | ", count: deep) + "len}}") == nil)
    }

    @Test("Work and output are bounded")
    func bounds() {
        let many = Value.object([.init("A", .list(.init((0..<1000).map { .integer($0) })))])
        let ranges = String(repeating: "{{range $.A}}", count: 5) + String(repeating: "{{end}}", count: 5)
        #expect(failure(ranges, many)?.hasSuffix("it takes more than two million steps") == true)
        let doubling = "{{$x := \"0123456789\"}}" + String(repeating: "{{$x = print $x $x}}", count: 60)
        #expect(failure(doubling)?.hasSuffix("it makes more than 64 MiB") == true)
        let splitting =
            "{{$x := \"0123456789\"}}" + String(repeating: "{{$x = print $x $x}}", count: 19) + "{{split $x \"\"}}"
        #expect(failure(splitting)?.hasSuffix("it makes more than 64 MiB") == true)
        let output = "{{range $.A}}{{range $.A}}" + String(repeating: "x", count: 1000) + "{{end}}{{end}}"
        #expect(failure(output, many)?.hasSuffix("it makes more than 64 MiB") == true)
        #expect(failure("{{range $.A}}{{printf \"%999999d\" .}}{{end}}", many)?.hasSuffix("more than 64 MiB") == true)
        #expect(failure("{{pad \"x\" 9223372036854775807 9223372036854775807}}")?.hasSuffix("more than 64 MiB") == true)
    }

    @Test("Messages say what is wrong, and where")
    func messages() {
        #expect(failure("{{.Foo}}") == "run template at .Foo: there is no field \"Foo\"")
        #expect(failure("{{.Foo") == "parse template: unclosed action")
        #expect(failure("a\n\n{{nothing}}") == "parse template: line 3: function \"nothing\" not defined")
        #expect(failure("{{index .Names 7}}") == "run template at index: index out of range: 7")
        #expect(
            failure("{{.State.Health.Status}}") == "run template at .State.Health.Status: nil has no field \"Status\"")
    }

    @Test("JSON: structs keep their order, optional fields go when they are empty, null lists are null")
    func json() {
        let value = Value.object([
            .init("Z", .strings(nil)), .init("A", .strings([]), optional: true),
            .init("M", .map(["b": "1", "a": "2"])),
            .init("N", .list(.init([.number(1.5), .bool(false), .null]))), .init("O", .object([])),
        ])
        #expect(value.json() == #"{"Z":null,"M":{"a":"2","b":"1"},"N":[1.5,false,null],"O":{}}"#)
        #expect(
            value.json(indent: "  ") == """
                {
                  "Z": null,
                  "M": {
                    "a": "2",
                    "b": "1"
                  },
                  "N": [
                    1.5,
                    false,
                    null
                  ],
                  "O": {}
                }
                """)
    }
}
