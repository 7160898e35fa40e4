public import OCI

/// What a step's result depends on, as a name for that result: the same key, the same result.
///
/// A key is a chain: the key of what the step is built on is one of its parts. The parts stay beside it, so that a miss can
/// say what is different.
public struct CacheKey: Hashable, Sendable {
    /// Of all parts, framed: no two different lists of parts share one.
    public let digest: Digest
    /// In order, by name; each name once.
    public let parts: [Part]

    /// One thing that the result depends on.
    public struct Part: Hashable, Sendable {
        /// What it is, as a message calls it: `instruction`, `variable PATH`, `files`.
        public let name: String
        /// The value itself where it is short, otherwise its digest.
        public let value: String
    }

    private init(_ parts: [Part]) throws(BuildError) {
        self.parts = parts
        var hash = try FramedHash("shale cache key 1")
        hash.add(parts.count)
        for part in parts {
            hash.add(part.name)
            hash.add(part.value)
        }
        digest = try hash.finish()
    }

    /// Collects the parts of a key.
    public struct Inputs: Sendable {
        private var parts: [Part] = []
        private var names: [String: Int] = [:]

        public init() {}

        /// The result of another step, or an image's layers.
        public mutating func add(base: Digest) { put("base", base.description) }

        public mutating func add(_ name: String, _ digest: Digest) { put(name, digest.description) }

        /// Longer values are kept as their digest. A value that could be a secret must not be given: parts are stored and shown.
        public mutating func add(_ name: String, _ value: [UInt8]) throws(BuildError) {
            let text = String(decoding: value, as: UTF8.self)
            if value.count <= 256, Array(text.utf8) == value, !text.hasPrefix("sha256:") {
                put(name, "=" + text)
            } else {
                do throws(DigestError) { put(name, try Digest(of: value).description) } catch {
                    throw BuildError("\(error)")
                }
            }
        }

        /// A list of values, which no other list equals.
        public mutating func add(_ name: String, list: [[UInt8]]) throws(BuildError) {
            var hash = try FramedHash("shale list 1")
            hash.add(list.count)
            for value in list { hash.add(value) }
            put(name, try hash.finish().description)
        }

        /// A name that is there already gets a number behind it.
        private mutating func put(_ name: String, _ value: String) {
            let count = names[name, default: 0] + 1
            names[name] = count
            parts.append(Part(name: count == 1 ? name : "\(name) #\(count)", value: value))
        }

        public func key() throws(BuildError) -> CacheKey { try CacheKey(parts) }
    }

    /// The parts as they are stored: a name and a value on a line each.
    public var stored: String {
        parts.flatMap { [$0.name, $0.value] }.map(Self.escaped).joined(separator: "\n")
    }

    /// - Returns: nil for what is no stored key.
    public init?(stored: String) {
        let lines = stored.split(separator: "\n", omittingEmptySubsequences: false).map { Self.unescaped($0) }
        guard lines.count % 2 == 0 else { return nil }
        let parts = stride(from: 0, to: lines.count, by: 2).map { Part(name: lines[$0], value: lines[$0 + 1]) }
        guard let key = try? CacheKey(parts) else { return nil }
        self = key
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in text.unicodeScalars {
            if isEscaped {
                result.unicodeScalars.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
