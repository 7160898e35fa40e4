public import OCI

/// CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).
extension SoftwareList {
    /// - Parameters:
    ///   - version: of this program.
    ///   - created: seconds since 1970.
    public func cycloneDX(version: String, created: Int64) -> JSON {
        let container = JSON.members([
            "type": .string("container"), "bom-ref": .string("image"), "name": .string(displayed(title)),
            "version": image.map { .string($0.description) },
        ])
        let tool = JSON.members([
            "type": .string("application"), "name": .string("shale"), "version": .string(version),
        ])
        return .members([
            "$schema": .string("http://cyclonedx.org/schema/bom-1.6.schema.json"),
            "bomFormat": .string("CycloneDX"), "specVersion": .string("1.6"), "version": .integer(1),
            "serialNumber": serialNumber(created).map { .string($0) },
            "metadata": .members([
                "timestamp": .string(UTCTime.text(created)),
                "tools": .members(["components": .array([tool])]),
                "component": container,
                "properties": notes.isEmpty
                    ? nil : .array(notes.map { Self.property("shale:note", $0) }),
            ]),
            "components": .array(packages.enumerated().map { component($0.element, number: $0.offset) }),
        ])
    }

    /// Of the image and the time, so that the same document has the same one (RFC 9562, version 8).
    private func serialNumber(_ created: Int64) -> String? {
        guard let digest = try? Digest(of: Array("\(image?.description ?? title) \(created)".utf8)) else { return nil }
        var digits = Array(digest.hex.utf8.prefix(32))
        guard digits.count == 32 else { return nil }
        digits[12] = UInt8(ascii: "8")
        digits[16] = UInt8(ascii: "a")
        let text = String(decoding: digits, as: UTF8.self)
        var parts: [Substring] = []
        var rest = text[...]
        for count in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return "urn:uuid:" + parts.joined(separator: "-")
    }

    private func component(_ found: FoundPackage, number: Int) -> JSON {
        let package = found.package
        let url = PackageURL.text(package, distribution: distribution)
        var properties = [
            Self.property("shale:layer:number", String(found.layer.number + 1)),
            Self.property("shale:layer:diffID", found.layer.digest),
        ]
        if let step = found.layer.createdBy { properties.append(Self.property("shale:layer:createdBy", oneLine(step))) }
        if let source = package.source { properties.append(Self.property("shale:package:source", source)) }
        var name = package.name
        var group: String?
        if package.kind == .npm, name.hasPrefix("@"), let slash = name.firstIndex(of: "/") {
            group = String(name[..<slash])
            name = String(name[name.index(after: slash)...])
        }
        return .members([
            "type": .string("library"), "bom-ref": .string("\(number + 1)-\(url)"), "name": .string(name),
            "group": group.map { .string($0) },
            "version": package.version.isEmpty ? nil : .string(package.version), "purl": .string(url),
            "licenses": package.license.map {
                .array([.members(["license": .members(["name": .string(oneLine($0))])])])
            },
            "evidence": .members([
                "occurrences": .array([.members(["location": .string("/" + oneLine(found.path))])])
            ]),
            "properties": .array(properties),
        ])
    }

    private static func property(_ name: String, _ value: String) -> JSON {
        .members(["name": .string(name), "value": .string(value)])
    }
}
