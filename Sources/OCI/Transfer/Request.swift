/// One HTTP request. It may be sent more than once: after a redirect, or again after a passing failure.
public struct Request: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method
    public var address: Address
    public var headers: Headers
    public var payload: Payload?

    public init(_ method: Method, _ address: Address, headers: Headers = Headers(), payload: Payload? = nil) {
        self.method = method
        self.address = address
        self.headers = headers
        self.payload = payload
    }
}

/// Header fields in order; names compare without regard to case (RFC 9110, section 5.1).
public struct Headers: Sendable, ExpressibleByDictionaryLiteral {
    public private(set) var fields: [(name: String, value: String)] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first field of that name; setting replaces all of that name.
    public subscript(_ name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { fields.append((name: name, value: newValue)) }
        }
    }

    /// Every field of that name.
    public func all(_ name: String) -> [String] { fields.filter { Self.same($0.name, name) }.map(\.value) }

    public mutating func append(_ name: String, _ value: String) { fields.append((name: name, value: value)) }

    private static func same(_ a: String, _ b: String) -> Bool { a.lowercased() == b.lowercased() }
}
