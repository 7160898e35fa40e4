#if arch(x86_64)
    private let hostArchitecture = "amd64"
    private let hostVariant: String? = nil
#elseif arch(arm64)
    private let hostArchitecture = "arm64"
    private let hostVariant: String? = "v8"
#elseif arch(arm)
    private let hostArchitecture = "arm"
    private let hostVariant: String? = "v7"
#elseif arch(riscv64)
    private let hostArchitecture = "riscv64"
    private let hostVariant: String? = nil
#elseif arch(powerpc64le)
    private let hostArchitecture = "ppc64le"
    private let hostVariant: String? = nil
#elseif arch(s390x)
    private let hostArchitecture = "s390x"
    private let hostVariant: String? = nil
#endif

/// What an image runs on (image-spec image-index.md, "platform"); names as Go spells them.
public struct Platform: Equatable, Sendable, CustomStringConvertible {
    public var os: String
    public var architecture: String
    public var variant: String?
    public var osVersion: String?
    public var osFeatures: [String]
    /// Members of the document that the specification does not name.
    public var other = JSONObject()

    public init(
        os: String, architecture: String, variant: String? = nil, osVersion: String? = nil, osFeatures: [String] = []
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    /// The platform of this machine.
    public static let host = Platform(os: "linux", architecture: hostArchitecture, variant: hostVariant)

    /// `os/architecture`, `os/architecture/variant`, or an architecture alone, under any of the names in use (`x86_64`, `aarch64`).
    ///
    /// - Throws: ``DocumentError`` for anything else.
    public init(_ text: String) throws(DocumentError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { $0.lowercased() }
        let plain = parts.allSatisfy { part in
            guard let first = part.utf8.first, Self.isLetterOrDigit(first) else { return false }
            return part.utf8.allSatisfy { Self.isLetterOrDigit($0) || "_-.".utf8.contains($0) }
        }
        guard plain, (1...3).contains(parts.count) else {
            throw DocumentError(
                subject: "platform \"\(printable(text))\"",
                cause: "os/architecture or os/architecture/variant is wanted")
        }
        if parts.count == 1 {
            self.init(os: "linux", architecture: parts[0])
        } else {
            self.init(os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil)
        }
        self = normalized
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }

    /// One spelling of each: `x86_64` is `amd64`, `aarch64` is `arm64/v8`, `arm` is `arm/v7`.
    public var normalized: Platform {
        var result = self
        switch architecture {
        case "x86_64", "x86-64": result.architecture = "amd64"
        case "i386", "i486", "i586", "i686": result.architecture = "386"
        case "aarch64": result.architecture = "arm64"
        case "armhf": (result.architecture, result.variant) = ("arm", variant ?? "v7")
        case "armel": (result.architecture, result.variant) = ("arm", variant ?? "v6")
        default: break
        }
        switch (result.architecture, result.variant) {
        case ("arm64", nil), ("arm64", "8"): result.variant = "v8"
        case ("arm", nil), ("arm", "7"): result.variant = "v7"
        case ("arm", "5"): result.variant = "v5"
        case ("arm", "6"): result.variant = "v6"
        case ("amd64", "v1"): result.variant = nil
        default: break
        }
        return result
    }

    /// How well an image for this platform serves a machine of another: nil not at all, smaller is better.
    /// An arm of a higher version runs images of the lower ones.
    public func distance(from machine: Platform) -> Int? {
        let own = normalized
        let wanted = machine.normalized
        guard own.os == wanted.os, own.architecture == wanted.architecture else { return nil }
        if own.variant == wanted.variant { return 0 }
        guard let have = own.level, let most = wanted.level, have <= most else { return nil }
        return most - have
    }

    private var level: Int? {
        guard let variant else { return architecture == "amd64" ? 1 : nil }
        return variant.first == "v" ? Int(variant.dropFirst()) : nil
    }

    public var description: String { [os, architecture, variant].compactMap(\.self).joined(separator: "/") }

    init(_ fields: Fields) throws(DocumentError) {
        var fields = fields
        guard let os = try fields.string("os") else { throw fields.failure("os", "missing") }
        guard let architecture = try fields.string("architecture") else {
            throw fields.failure("architecture", "missing")
        }
        self.init(
            os: os, architecture: architecture, variant: try fields.string("variant"),
            osVersion: try fields.string("os.version"), osFeatures: try fields.strings("os.features") ?? [])
        other = fields.rest
    }

    var json: JSON {
        var object = other
        object.put("os", os)
        object.put("architecture", architecture)
        object.put("variant", variant)
        object.put("os.version", osVersion)
        object.put("os.features", osFeatures.isEmpty ? nil : osFeatures)
        return .object(object)
    }
}
