import Foundation
import GoTemplate
import Testing

@Suite("Templates give what Go gives") struct KnownOutputs {
    private struct Known: Decodable {
        let template: String
        let output: String?
    }

    private static func known() throws -> [Known] {
        let fixtures = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures/known.json"
        return try JSONDecoder().decode([Known].self, from: Data(contentsOf: URL(fileURLWithPath: fixtures)))
    }

    private static func render(_ text: String) -> String? { try? Template(text).render(data) }

    @Test("The same output, and the same templates refused")
    func outputs() throws {
        let all = try Self.known()
        #expect(all.count > 800)
        for known in all {
            let output = Self.render(known.template)
            #expect(
                output.map { Array($0.utf8) } == known.output.map { Array($0.utf8) },
                "\(known.template): \(output ?? "refused") and not \(known.output ?? "refused")")
        }
    }
}
