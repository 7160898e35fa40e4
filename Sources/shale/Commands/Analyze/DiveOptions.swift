import Analysis
import ArgumentParser
import Glibc
import Linux

/// Dive's options for CI.
struct DiveOptions: ParsableArguments {
    @Flag(help: "Judge the image by rules, as with CI=true in the environment.")
    var ci = false

    @Option(help: ArgumentHelp("The rules, as YAML.", valueName: "file"))
    var ciConfig = ".dive-ci"

    @Option(
        name: .customLong("lowestEfficiency"),
        help: ArgumentHelp("With --ci: the lowest efficiency that passes, 0 to 1, or disabled.", valueName: "ratio"))
    var lowestEfficiency: String?

    @Option(
        name: .customLong("highestWastedBytes"),
        help: ArgumentHelp("With --ci: the most wasted bytes that pass, such as 20MB, or disabled.", valueName: "size"))
    var highestWastedBytes: String?

    @Option(
        name: .customLong("highestUserWastedPercent"),
        help: ArgumentHelp(
            "With --ci: the most wasted of what lies above the base that passes, 0 to 1, or disabled.",
            valueName: "ratio"))
    var highestUserWastedPercent: String?

    var isJudging: Bool {
        let words = ["1", "t", "T", "TRUE", "true", "True"]
        return ci || getenv("CI").map { words.contains(String(cString: $0)) } == true
    }

    /// The rules' values: what the command line says, then the file, then dive's own.
    func values() throws -> [DiveRule: String] {
        let path = Arguments.bytes(ciConfig)
        var values: [DiveRule: String] = [:]
        if let bytes = try file(path) {
            print("  Using CI config: \(displayed(path))")
            do { values = try DiveConfiguration.rules(bytes) } catch {
                throw Failure(status: 1, message: "read \(displayed(path)): \(error)")
            }
        } else {
            // Dive goes on without a word, even where the file was asked for.
            if ciConfig != ".dive-ci" { say("analyze: there is no file \(displayed(path)): the usual rules hold") }
            print("  Using default CI config")
        }
        values[.lowestEfficiency] = lowestEfficiency ?? values[.lowestEfficiency]
        values[.highestWastedBytes] = highestWastedBytes ?? values[.highestWastedBytes]
        values[.highestUserWastedPercent] = highestUserWastedPercent ?? values[.highestUserWastedPercent]
        return values
    }

    private func file(_ path: [UInt8]) throws -> [UInt8]? {
        do throws(Errno) { return try FD.workingDirectory.contents(of: path.cPath, atMost: 1 << 20) } catch {
            if error == .noEntry { return nil }
            throw Failure(status: 1, message: "read \(displayed(path)): \(error)")
        }
    }
}
