/// Which paths a filter lets through: a regular expression, as in dive; one that is not finished yet is taken as it is written.
struct PathFilter {
    private let text: [UInt8]
    private let expression: Regex<AnyRegexOutput>?

    init(_ filter: String) {
        text = Array(filter.utf8)
        let isPlain = !filter.contains { "\\^$.|?*+()[]{}".contains($0) }
        // A dot alone is more often meant as one.
        expression =
            isPlain || filter.allSatisfy({ $0 == "." || $0.isLetter || $0.isNumber }) ? nil : try? Regex(filter)
    }

    func passes(_ tree: ImageTree, _ node: Int32) -> Bool {
        if text.isEmpty { return true }
        let path = [0x2f] + tree.path(node)
        guard let expression else { return path.holds(text) }
        return String(decoding: path, as: UTF8.self).firstMatch(of: expression) != nil
    }
}
