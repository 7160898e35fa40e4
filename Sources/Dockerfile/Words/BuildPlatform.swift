/// A platform as the arguments `TARGETPLATFORM` and `BUILDPLATFORM` spell it: `OS/ARCHITECTURE[/VARIANT]`.
public struct BuildPlatform: Sendable, Hashable, CustomStringConvertible {
    public var os: String
    public var osVersion: String
    public var architecture: String
    public var variant: String

    public init(os: String, architecture: String, variant: String = "", osVersion: String = "") {
        self.os = os
        self.osVersion = osVersion
        self.architecture = architecture
        self.variant = variant
    }

    public var description: String {
        let version = osVersion.isEmpty ? "" : "(\(osVersion))"
        return "\(os)\(version)/\(architecture)" + (variant.isEmpty ? "" : "/\(variant)")
    }

    private static let systems: Set<String> = [
        "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "netbsd",
        "openbsd", "plan9", "solaris", "wasip1", "windows", "zos",
    ]

    /// Reads what a user wrote, other names of systems and architectures included; nil when it is no platform.
    ///
    /// - Parameter host: where what is not written is taken from.
    public init?(_ text: [UInt8], host: BuildPlatform) {
        var parts: [String] = []
        var version = ""
        for (index, part) in text.split(separator: .slash, omittingEmptySubsequences: false).enumerated() {
            var word = String(decoding: Array(part).lowercased, as: UTF8.self)
            if index == 0, word.hasSuffix(")"), let open = word.firstIndex(of: "(") {
                version = String(word[word.index(after: open)...].dropLast())
                word = String(word[..<open])
            }
            guard !word.isEmpty, word.utf8.allSatisfy(Self.isAllowed) else { return nil }
            parts.append(word)
        }
        switch parts.count {
        case 1 where Self.systems.contains(Self.system(parts[0])):
            self.init(
                os: Self.system(parts[0]), architecture: host.architecture, variant: host.variant, osVersion: version)
        case 1:
            self.init(os: host.os, architecture: parts[0])
        case 2, 3:
            self.init(
                os: Self.system(parts[0]), architecture: parts[1], variant: parts.count == 3 ? parts[2] : "",
                osVersion: version)
        default:
            return nil
        }
        normalize()
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.isLowerLetter || byte == .underscore || byte == .minus
    }

    private static func system(_ name: String) -> String { name == "macos" ? "darwin" : name }

    private mutating func normalize() {
        switch architecture {
        case "i386": (architecture, variant) = ("386", "")
        case "x86_64", "x86-64", "amd64": (architecture, variant) = ("amd64", variant == "v1" ? "" : variant)
        case "aarch64", "arm64":
            (architecture, variant) = ("arm64", variant == "8" || variant == "v8" ? "" : variant)
        case "armhf": (architecture, variant) = ("arm", "v7")
        case "armel": (architecture, variant) = ("arm", "v6")
        case "arm": variant = variant.isEmpty ? "v7" : ["5", "6", "7", "8"].contains(variant) ? "v" + variant : variant
        default: break
        }
    }
}
