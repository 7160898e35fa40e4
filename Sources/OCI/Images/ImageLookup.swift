/// Finding images by what people write.
extension Store {
    /// The image of a name, or of the beginning of an id: of its configuration's digest, as Docker counts ids, or of its own.
    ///
    /// - Throws: ``StoreError``; `missing` where there is none, and where several begin so.
    public func find(_ text: String) throws(StoreError) -> Entry {
        let entries = try images()
        if let reference = try? Reference(text), let image = try image(named: reference) {
            return entries.first { $0.image.digest == image.digest } ?? Entry(image: image, names: [])
        }
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        let isPrefix = digits.utf8.count <= 64 && digits.utf8.allSatisfy { hexadecimalValue($0) != nil }
        guard isPrefix, !digits.isEmpty else {
            throw StoreError(.missing, "find image \(printable(text)): there is none")
        }
        var found: [Entry] = []
        for entry in entries {
            let ids = [entry.image.digest] + ((try? load(entry.image).manifest.config.digest).map { [$0] } ?? [])
            if ids.contains(where: { $0.hex.hasPrefix(digits) }) { found.append(entry) }
        }
        guard let entry = found.first else {
            throw StoreError(.missing, "find image \(printable(text)): there is none")
        }
        guard found.count == 1 else {
            throw StoreError(.missing, "find image \(printable(text)): \(found.count) images begin so")
        }
        return entry
    }

    /// For each blob the repositories of a registry under whose names the store has it: there it can be mounted from.
    public func repositories(on registry: String) throws(StoreError) -> [Digest: [String]] {
        var result: [Digest: [String]] = [:]
        for entry in try images() {
            let repositories = Set(entry.names.filter { $0.registry == registry }.map(\.repository)).sorted()
            guard !repositories.isEmpty, let content = try? content(of: entry.image) else { continue }
            for blob in content.blobs { result[blob.digest, default: []] += repositories }
        }
        return result
    }
}
