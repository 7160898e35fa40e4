/// Takes the known fields out of a JSON object, each with its type checked; what is left is what the document does not know.
/// A field that is null is missing, as Go's encoders write empty slices and maps.
struct Fields {
    private(set) var rest: JSONObject
    let place: String

    /// - Throws: ``DocumentError`` when the value is no object.
    init(_ value: JSON, place: String = "") throws(DocumentError) {
        guard case .object(let object) = value else {
            throw DocumentError(place: place, cause: "an object is wanted, not \(value.kind)")
        }
        rest = object
        self.place = place
    }

    private func inner(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    func failure(_ key: String, _ cause: String) -> DocumentError { DocumentError(place: inner(key), cause: cause) }

    private func wrong(_ key: String, _ wanted: String, _ value: JSON) -> DocumentError {
        failure(key, "\(wanted) is wanted, not \(value.kind)")
    }

    mutating func any(_ key: String) -> JSON? {
        guard let value = rest[key] else { return nil }
        rest[key] = nil
        return value == .null ? nil : value
    }

    mutating func string(_ key: String) throws(DocumentError) -> String? {
        guard let value = any(key) else { return nil }
        guard case .string(let text) = value else { throw wrong(key, "a string", value) }
        return text
    }

    mutating func integer(_ key: String) throws(DocumentError) -> Int64? {
        guard let value = any(key) else { return nil }
        guard case .integer(let number) = value else { throw wrong(key, "an integer", value) }
        return number
    }

    mutating func bool(_ key: String) throws(DocumentError) -> Bool? {
        guard let value = any(key) else { return nil }
        guard case .bool(let flag) = value else { throw wrong(key, "a boolean", value) }
        return flag
    }

    mutating func array(_ key: String) throws(DocumentError) -> [(value: JSON, place: String)]? {
        guard let value = any(key) else { return nil }
        guard case .array(let values) = value else { throw wrong(key, "an array", value) }
        return values.enumerated().map { ($0.element, "\(inner(key))[\($0.offset)]") }
    }

    mutating func strings(_ key: String) throws(DocumentError) -> [String]? {
        guard let values = try array(key) else { return nil }
        var result: [String] = []
        for (value, place) in values {
            guard case .string(let text) = value else {
                throw DocumentError(place: place, cause: "a string is wanted, not \(value.kind)")
            }
            result.append(text)
        }
        return result
    }

    mutating func object(_ key: String) throws(DocumentError) -> Fields? {
        guard let value = any(key) else { return nil }
        return try Fields(value, place: inner(key))
    }

    /// A map from names to texts, such as annotations and labels.
    mutating func map(_ key: String) throws(DocumentError) -> [String: String]? {
        guard let object = try object(key) else { return nil }
        var result: [String: String] = [:]
        for member in object.rest.members {
            guard case .string(let text) = member.value else { throw wrong(key, "a map of strings", member.value) }
            guard result.updateValue(text, forKey: member.key) == nil else {
                throw failure(key, "two names differ only in Unicode normalisation: \(printable(member.key))")
            }
        }
        return result
    }

    /// A set written as a map from names to empty objects, such as volumes; sorted.
    mutating func set(_ key: String) throws(DocumentError) -> [String]? {
        guard let object = try object(key) else { return nil }
        return object.rest.members.map(\.key)
    }

    mutating func digest(_ key: String) throws(DocumentError) -> Digest? {
        guard let text = try string(key) else { return nil }
        do throws(DocumentError) { return try Digest(text) } catch { throw failure(key, error.cause) }
    }
}

extension JSONObject {
    mutating func put(_ key: String, _ value: String?) { if let value { self[key] = .string(value) } }
    mutating func put(_ key: String, _ value: Int64?) { if let value { self[key] = .integer(value) } }
    mutating func put(_ key: String, _ value: Bool?) { if let value { self[key] = .bool(value) } }
    mutating func put(_ key: String, _ value: [String]?) {
        if let value { self[key] = .array(value.map { .string($0) }) }
    }

    /// Left out when it is empty: no document tells an empty map from a missing one.
    mutating func put(_ key: String, map: [String: String]) {
        guard !map.isEmpty else { return }
        var object = JSONObject()
        for (name, value) in map { object[name] = .string(value) }
        self[key] = .object(object)
    }

    mutating func put(_ key: String, set: [String]) {
        guard !set.isEmpty else { return }
        var object = JSONObject()
        for name in set { object[name] = .object(JSONObject()) }
        self[key] = .object(object)
    }
}
