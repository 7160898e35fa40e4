/// Finding images by what people write.
extension Store {
    /// The image of a name, or of the beginning of an id: of its configuration's digest, as Docker counts ids, or of its own.
    ///
    /// - Throws: ``StoreError``; `missing` where there is none, and where several begin so: the message names them.
    public func find(_ text: String) throws(StoreError) -> Entry {
        let entries = try images()
        if let reference = try? Reference(text), let image = try image(named: reference) {
            return entries.first { $0.image.digest == image.digest } ?? Entry(image: image, names: [])
        }
        let found = try matches(of: text, in: entries)
        guard let first = found.first else {
            throw StoreError(.missing, "find image \(printable(text)): there is none")
        }
        guard found.count == 1 else {
            let shown = found.prefix(4).map { "\($0.id.hex.prefix(24))" } + (found.count > 4 ? ["…"] : [])
            throw StoreError(
                .missing,
                "find image \(printable(text)): \(found.count) images begin so: \(shown.joined(separator: ", "))")
        }
        return first.entry
    }

    /// Whether the text is the beginning of the image's id, and not its name.
    public func isID(_ text: String, of entry: Entry) throws(StoreError) -> Bool {
        if let reference = try? Reference(text), try image(named: reference) != nil { return false }
        return try !matches(of: text, in: [entry]).isEmpty
    }

    private func matches(of text: String, in entries: [Entry]) throws(StoreError) -> [(entry: Entry, id: Digest)] {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        guard !digits.isEmpty, digits.utf8.count <= 64, digits.utf8.allSatisfy({ hexadecimalValue($0) != nil }) else {
            return []
        }
        var found: [(entry: Entry, id: Digest)] = []
        for entry in entries {
            // An image that cannot be read still has its own digest.
            let ids = [(try? present(entry.image))?.id, entry.image.digest].compactMap(\.self)
            if let id = ids.first(where: { $0.hex.hasPrefix(digits) }) { found.append((entry, id)) }
        }
        return found
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
