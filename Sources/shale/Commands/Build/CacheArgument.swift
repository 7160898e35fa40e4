import Build
import Linux
import OCI

/// What `--cache-from` and `--cache-to` say: `type=TYPE,KEY=VALUE,…`, or a name at a registry alone.
struct CacheArgument {
    enum Kind: String {
        case registry, local, inline
    }

    let kind: Kind
    private let option: String
    private let text: String
    private var values: [String: String] = [:]

    /// - Parameters:
    ///   - option: as it was typed, for messages.
    ///   - keys: that each type knows.
    /// - Throws: ``Failure`` for what is unknown or missing.
    init(_ text: String, option: String, keys: [Kind: Set<String>]) throws {
        self.option = option
        self.text = text
        guard text.contains("=") else {
            kind = .registry
            values["ref"] = text
            return
        }
        for field in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty else {
                throw Failure.used("\(option) \(text): KEY=VALUE is wanted, not \"\(field)\"")
            }
            values[parts[0]] = parts[1]
        }
        let types = keys.keys.map(\.rawValue).sorted().joined(separator: ", ")
        guard let type = values.removeValue(forKey: "type") else {
            throw Failure.used("\(option) \(text): it has no type; the types are \(types)")
        }
        guard let kind = Kind(rawValue: type), let known = keys[kind] else {
            throw Failure.used("\(option) \(text): type \(type) is not offered; the types are \(types)")
        }
        self.kind = kind
        if let other = values.keys.sorted().first(where: { !known.contains($0) }) {
            let list = known.sorted().joined(separator: ", ")
            let hint = known.isEmpty ? "type=\(type) takes nothing else" : "\(list) are known for type=\(type)"
            throw Failure.used("\(option) \(text): \(other) is unknown; \(hint)")
        }
    }

    /// A directory.
    func path(_ key: String) throws -> [UInt8] { Arguments.bytes(try value(key)) }

    /// The repository and the tag or digest that `ref` means.
    func reference(_ registry: RegistryOptions) throws -> (Repository, ManifestName) {
        let name = try value("ref")
        let reference: Reference
        do throws(DocumentError) { reference = try Reference(name).tagged } catch {
            throw Failure.used("\(option) \(text): \(error)")
        }
        let repository = try registry.registry(reference.registry).repository(reference.repository)
        return (repository, reference.manifestName)
    }

    func choice(_ key: String, _ known: [String], default value: String) throws -> String {
        guard let given = values[key] else { return value }
        guard known.contains(given) else {
            throw Failure.used("\(option) \(text): \(key) is \(known.joined(separator: " or "))")
        }
        return given
    }

    private func value(_ key: String) throws -> String {
        guard let value = values[key] else { throw Failure.used("\(option) \(text): it has no \(key)") }
        return value
    }
}
