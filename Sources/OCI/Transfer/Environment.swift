import Glibc

/// Variables of a process's environment. Values are bytes: many are paths.
public struct Environment: Sendable {
    private var values: [String: [UInt8]]

    public init(_ values: [String: [UInt8]]) { self.values = values }

    /// This process's.
    public static var process: Environment {
        var values: [String: [UInt8]] = [:]
        var entry = environ
        while let text = entry.pointee {
            let bytes = UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
            if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
                values[String(decoding: bytes[..<equals], as: UTF8.self)] = Array(bytes[(equals + 1)...])
            }
            entry += 1
        }
        return Environment(values)
    }

    /// The value of a variable as a path; nil where it is missing or empty.
    public func path(_ name: String) -> [UInt8]? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    /// The value of a variable as text; nil where it is missing or empty.
    public func text(_ name: String) -> String? { path(name).map { String(decoding: $0, as: UTF8.self) } }
}
