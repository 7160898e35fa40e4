import Analysis
import Testing

/// What dive 0.13.1 prints was read off dive itself; Tests/Real/dive.sh compares many more.
@Suite("Dive's figures and rules")
struct DiveRulesTests {
    @Test("figures to the last digit, with what dive does not see")
    func figures() async throws {
        let size = String(repeating: "x", count: 1000)
        let other = String(repeating: "y", count: 1000)
        let found = try await analysis(
            layer("a/", "a/b=\(size)", "c=\(size.prefix(500))"), layer("a/b=\(other)", ".wh.c")
        )
        .figures
        #expect(found.efficiency == 0.4 && found.wastedBytes == 2500 && found.sizeBytes == 2500)
        #expect(found.userWastedPercent == 2.5)
        #expect(
            found.inefficientFiles.map { "\(String(decoding: $0.path, as: UTF8.self)) \($0.references) \($0.size)" }
                == ["/a/b 2 2000", "/c 2 500"])
        let text = DiveReport(found, DiveEvaluation(found)).text(inColour: false)
        #expect(
            text == """
                  efficiency: 40.0000 %
                  wastedBytes: 2500 bytes (2.5 kB)
                  userWastedPercent: 250.0000 %
                Inefficient Files:
                Count  Wasted Space  File Path
                    2        2.0 kB  /a/b
                    2         500 B  /c
                Results:
                  FAIL: highestUserWastedPercent: too many bytes wasted, relative to the user bytes added (%-user-wasted-bytes=2.5 > threshold=0.1)
                  SKIP: highestWastedBytes: rule disabled
                  FAIL: lowestEfficiency: image efficiency is too low (efficiency=0.4 < threshold=0.9)
                Result:FAIL [Total:3] [Passed:0] [Failed:2] [Warn:0] [Skipped:1]

                """)
    }

    @Test("a whiteout of what is not there ends dive's count of the layer; the true figure is beside it")
    func blindness() async throws {
        let found = try await analysis(layer("z=1234"), layer(".wh.missing", "z=1234"))
        #expect(found.figures.wastedBytes == 0 && found.figures.inefficientFiles.isEmpty)
        #expect(found.reclaimable.bytes == 4)
    }

    @Test(
        "rules as they are written in .dive-ci",
        arguments: [
            ("rules:\n  lowestEfficiency: 0.95\n", ["lowestEfficiency": "0.95"]),
            ("rules:\n  LOWESTefficiency: 1e-3\n  highestWastedBytes:\n", ["lowestEfficiency": "0.001"]),
            ("rules.highestWastedBytes: 20MB\n", ["highestWastedBytes": "20MB"]),
            ("rules:\n  highestUserWastedPercent: 'disabled'\n  other: 3\n", ["highestUserWastedPercent": "disabled"]),
            ("", [:]), ("other: [1, 2]\n", [:]),
        ])
    func configuration(_ text: String, _ values: [String: String]) throws {
        let rules = try DiveConfiguration.rules(Array(text.utf8))
        #expect(Dictionary(uniqueKeysWithValues: rules.map { ($0.key.rawValue, $0.value) }) == values)
    }

    @Test("a file that is no YAML is refused in one line", arguments: ["rules: [1\n", "- a\n- b\n", "\t\u{0}"])
    func noConfiguration(_ text: String) {
        #expect {
            try DiveConfiguration.rules(Array(text.utf8))
        } throws: {
            !"\($0)".contains("\n") && !"\($0)".isEmpty
        }
    }
}
