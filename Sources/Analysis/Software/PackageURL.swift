/// Package URLs (https://github.com/package-url/purl-spec): `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`.
enum PackageURL {
    static func text(_ package: SoftwarePackage, distribution: (id: String, version: String)?) -> String {
        var parts: [String] = []
        var name = package.name
        var qualifiers: [(String, String)] = []
        switch package.kind {
        case .deb, .apk, .rpm:
            parts.append(distribution?.id ?? defaultNamespace(package.kind))
            // Debian and Alpine have lower-case names only, RPM has both.
            if package.kind != .rpm { name = name.lowercased() }
            if let architecture = package.architecture { qualifiers.append(("arch", architecture)) }
            if let distribution, !distribution.version.isEmpty {
                qualifiers.append(("distro", "\(distribution.id)-\(distribution.version)"))
            }
            if let epoch = package.epoch { qualifiers.append(("epoch", epoch)) }
            if package.kind == .deb, let source = package.source { qualifiers.append(("source", source)) }
        case .pypi: name = normalizedPython(name)
        case .npm, .golang:
            let pieces = name.split(separator: "/").map(String.init)
            parts += pieces.dropLast()
            name = pieces.last ?? name
        case .cargo: break
        }
        var text = "pkg:\(package.kind.rawValue)/" + (parts + [name]).map(encoded).joined(separator: "/")
        if !package.version.isEmpty { text += "@" + encoded(package.version) }
        if !qualifiers.isEmpty {
            let pairs = qualifiers.sorted { $0.0 < $1.0 }.map { "\($0.0)=\(encoded($0.1))" }
            text += "?" + pairs.joined(separator: "&")
        }
        return text
    }

    private static func defaultNamespace(_ kind: SoftwarePackage.Kind) -> String {
        switch kind {
        case .deb: "debian"
        case .apk: "alpine"
        default: "redhat"
        }
    }

    /// PEP 503: runs of `-`, `_` and `.` are one hyphen, letters lower-case.
    static func normalizedPython(_ name: String) -> String {
        var result = ""
        for scalar in name.lowercased().unicodeScalars {
            if scalar == "-" || scalar == "_" || scalar == "." {
                if result.last != "-" { result += "-" }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// All but letters, digits, `.`, `-`, `_`, `~` and `:` is percent-encoded.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || ".-_~:".utf8.contains(byte)
            result += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: result, as: UTF8.self)
    }
}
