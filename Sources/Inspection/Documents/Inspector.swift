internal import Containers
public import GoTemplate
public import OCI

/// Makes the documents of `shale inspect`, with docker's fields. One file for each kind of thing.
public struct Inspector: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case container, image
    }

    let store: Store

    public init(_ store: Store) { self.store = store }

    /// What a name or the beginning of an id stands for: a container first, as in docker, then an image.
    ///
    /// - Parameter kind: nothing else is looked for.
    /// - Throws: ``StoreError``; `missing` where there is nothing of that name, or several that begin so.
    public func document(of name: String, _ kind: Kind? = nil) throws(StoreError) -> Value {
        if kind != .image {
            do throws(ContainerError) { return try container(name) } catch {
                // Several containers begin so: an image is not meant.
                let isMissing = error.kind == .missing && !error.description.contains("begin so")
                guard kind == nil, isMissing else {
                    throw StoreError(error.kind == .missing ? .missing : .failed, error.description)
                }
            }
        }
        let entry = try store.find(name)
        return try document(of: entry, try store.present(entry.image))
    }
}

extension Value {
    /// What documents keep without knowing it.
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let text): self = .number(Double(text) ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let values): self = .list(List(values.map { Value($0) }))
        case .object(let object): self = .map(Map(object.members.map { Field($0.key, Value($0.value)) }))
        }
    }
}
