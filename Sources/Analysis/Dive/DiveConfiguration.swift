import Yams

/// A `.dive-ci` file: YAML with the rules' values under `rules`.
public enum DiveConfiguration {
    /// The values that the file gives. A rule without a value has its standard one; names are not told apart by case.
    ///
    /// - Throws: ``AnalysisError`` for what is no YAML.
    public static func rules(_ bytes: [UInt8]) throws(AnalysisError) -> [DiveRule: String] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw AnalysisError("not in UTF-8") }
        let root: Node?
        do { root = try compose(yaml: text) } catch {
            let cause = "\(error)".split(separator: "\n").first.map(String.init) ?? "no YAML"
            throw AnalysisError(displayed(cause))
        }
        var values: [DiveRule: String] = [:]
        guard let root else { return values }
        guard let top = root.mapping else { throw AnalysisError("a mapping is wanted at the top") }
        for (key, value) in top {
            let name = key.string?.lowercased() ?? ""
            if name == "rules", let rules = value.mapping {
                for (key, value) in rules { take(key.string ?? "", value, &values) }
            } else if name.hasPrefix("rules.") {
                take(String(name.dropFirst(6)), value, &values)
            }
        }
        return values
    }

    private static func take(_ name: String, _ value: Node, _ values: inout [DiveRule: String]) {
        guard let rule = DiveRule.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }),
            case .scalar(let scalar) = value, value.null == nil
        else { return }
        // A number is read as one and written again: 1e-3 is 0.001.
        if scalar.style == .plain, let number = GoNumbers.parseFloat(scalar.string), value.float != nil {
            values[rule] = GoNumbers.plain(number)
        } else {
            values[rule] = scalar.string
        }
    }
}
