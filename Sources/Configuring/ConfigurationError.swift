internal import Dockerfile

/// Why a configuration was not changed: "verb object: cause", one line.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ error: DockerfileError) { description = error.description }

    init(_ keyword: String, notText bytes: [UInt8]) {
        let shown = String(decoding: bytes.prefix(80), as: UTF8.self).debugDescription
        description = "apply \(keyword): \(shown) is no UTF-8, which an image's configuration is"
    }
}
