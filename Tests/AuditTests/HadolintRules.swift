import Analysis
import Dockerfile
import Glibc
import Linux
import OCI
import Testing

/// Every rule that hadolint has too is compared with it, by line, on the Dockerfiles of the fixtures. Where the two
/// differ docs/audit.md says why: its table is what this test expects.
@Suite struct HadolintRules {
    struct Place: Hashable, CustomStringConvertible {
        let file: String
        let line: Int
        let rule: String
        var description: String { "\(file):\(line) \(rule)" }
    }

    private static let aliases = Set(AuditRule.all.compactMap(\.alias))

    private func files() throws -> [String] {
        let directory = try FD.workingDirectory.open(
            Array("\(Workbench.fixtures)/Dockerfiles".utf8).cPath, [.readOnly, .directory])
        var names: [String] = []
        try directory.fd.forEachEntry { entry in
            names.append(String(decoding: entry.name, as: UTF8.self))
            return true
        }
        return names.filter { $0.hasSuffix(".Dockerfile") }.sorted()
    }

    private func ours(_ file: String) throws -> Set<Place> {
        let path = Array("\(Workbench.fixtures)/Dockerfiles/\(file)".utf8)
        let bytes = try FD.workingDirectory.contents(of: path.cPath, atMost: 1 << 20)
        let platform = BuildPlatform(os: "linux", architecture: "amd64")
        let report = try DockerfileAudit(context: CheckContext(build: platform, target: platform)).run(
            bytes, name: file)
        return Set(
            report.findings.compactMap { finding in
                guard let rule = finding.rule.alias, case .dockerfile(let place) = finding.place else { return nil }
                return Place(file: file, line: place.firstLine, rule: rule)
            })
    }

    private func theirs(_ files: [String], _ bench: Workbench) throws -> Set<Place> {
        let (_, output, errors) = try bench.run(
            "cd '\(Workbench.fixtures)/Dockerfiles' && hadolint --no-fail -f json \(files.joined(separator: " "))")
        let found = try #require(try? JSON(parsing: Array(output.utf8)), "\(errors)")
        return Set(
            (found.array ?? []).compactMap { one in
                guard let file = one["file"]?.string, let line = one["line"]?.integer, let rule = one["code"]?.string,
                    Self.aliases.contains(rule) || rule == "DL1000"
                else { return nil }
                return Place(file: file, line: Int(line), rule: rule)
            })
    }

    /// `| FILE:LINE | RULE | whose | why |` in docs/audit.md.
    private func explained() throws -> (ours: Set<Place>, theirs: Set<Place>) {
        let text = try FD.workingDirectory.contents(
            of: Array("\(Workbench.project)/docs/audit.md".utf8).cPath, atMost: 1 << 20)
        var result: (ours: Set<Place>, theirs: Set<Place>) = ([], [])
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            guard cells.count == 4, let colon = cells[0].lastIndex(of: ":"),
                let number = Int(cells[0][colon...].dropFirst())
            else { continue }
            let place = Place(file: "\(cells[0][..<colon]).Dockerfile", line: number, rule: cells[1])
            if cells[2] == "ours" { result.ours.insert(place) } else { result.theirs.insert(place) }
        }
        return result
    }

    @Test("agree with hadolint by line on every rule that both have, but for what docs/audit.md explains")
    func agreement() throws {
        let files = try files()
        #expect(files.count >= 60)
        var ours: Set<Place> = []
        for file in files { ours.formUnion(try self.ours(file)) }
        let theirs = try theirs(files, try Workbench())
        let explained = try explained()
        #expect(ours.subtracting(theirs) == explained.ours)
        #expect(theirs.subtracting(ours) == explained.theirs)
        // Every rule that is shared occurs, so that agreeing means something.
        let unseen = Self.aliases.subtracting(ours.map(\.rule))
        #expect(unseen == ["DL3026"], "only trusted registries need a configuration")
    }
}
