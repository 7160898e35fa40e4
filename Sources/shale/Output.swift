import ArgumentParser
import Changes
import Glibc
import Linux
import OCI
import Union

/// Every output format, in one place. Data goes to standard output.
enum Output {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    static func changes(_ changes: [Change], _ format: Format) {
        switch format {
        case .text:
            for change in changes {
                let size = change.type == 0o100000 ? "\t\(change.size)" : ""
                print("\(change.kind.rawValue) /\(printable(change.path))\(size)")
            }
        case .json:
            print("[", terminator: "")
            for (index, change) in changes.enumerated() {
                let fields = [
                    "\"kind\":\"\(change.kind.rawValue)\"", "\"path\":\(quoted(change.path))",
                    "\"type\":\"\(typeName(change.type))\"", "\"size\":\(change.size)",
                ]
                print((index == 0 ? "\n  {" : ",\n  {") + fields.joined(separator: ",") + "}", terminator: "")
            }
            print(changes.isEmpty ? "]" : "\n]")
        }
    }

    static func findings(_ findings: [Finding], rung: Int, _ format: Format) {
        switch format {
        case .text:
            for finding in findings {
                print("\(finding.state.rawValue.padded(to: 8))\(finding.subject): \(finding.text)")
                if let remedy = finding.remedy { print("        better: \(remedy)") }
            }
            print("rung \(rung): \(Finding.rungs[rung - 1])")
        case .json:
            let lines = findings.map { finding in
                let remedy = finding.remedy.map { quoted(Array($0.utf8)) } ?? "null"
                return
                    "    {\"state\":\"\(finding.state.rawValue)\",\"subject\":\(quoted(Array(finding.subject.utf8))),"
                    + "\"text\":\(quoted(Array(finding.text.utf8))),\"remedy\":\(remedy)}"
            }
            print("{\n  \"rung\": \(rung),\n  \"findings\": [\n\(lines.joined(separator: ",\n"))\n  ]\n}")
        }
    }

    /// What is wrong with a store.
    static func problems(_ problems: [String], _ format: Format) {
        switch format {
        case .text: for problem in problems { print(problem) }
        case .json:
            let lines = problems.map { "\n  " + quoted(Array($0.utf8)) }
            print("[" + lines.joined(separator: ",") + (problems.isEmpty ? "]" : "\n]"))
        }
    }

    static func layer(
        _ descriptor: ContentDescriptor, _ diffID: Digest, tarSize: Int64, entries: Int, _ format: Format
    ) {
        switch format {
        case .text:
            print("digest   \(descriptor.digest)")
            print("diff id  \(diffID)")
            print("size     \(descriptor.size) (\(tarSize) as tar), \(entries) entries")
        case .json:
            let fields = [
                "\"mediaType\":\"\(descriptor.mediaType)\"", "\"digest\":\"\(descriptor.digest)\"",
                "\"size\":\(descriptor.size)", "\"diffID\":\"\(diffID)\"", "\"tarSize\":\(tarSize)",
                "\"entries\":\(entries)",
            ]
            print("{\(fields.joined(separator: ","))}")
        }
    }

    /// A document that is ready.
    static func bytes(_ bytes: [UInt8]) throws {
        do throws(Errno) { try OutputFile.stream(bytes, to: FD(1)) } catch {
            // Whoever read it has enough.
            if error == Errno(EPIPE) { throw ExitCode(0) }
            throw Failure.failed("write: \(error)")
        }
    }

    /// The width of the terminal on standard output; nil where it is none.
    static var columns: Int? {
        var size = winsize()
        guard isatty(1) == 1, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// A JSON string; bytes that are not UTF-8 become U+FFFD.
    static func quoted(_ bytes: [UInt8]) -> String {
        var result = "\""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func typeName(_ type: UInt32) -> String {
        switch type {
        case 0o100000: return "file"
        case 0o040000: return "directory"
        case 0o120000: return "symlink"
        case 0o020000: return "character device"
        case 0o060000: return "block device"
        case 0o010000: return "fifo"
        case 0o140000: return "socket"
        default: return "unknown"
        }
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
