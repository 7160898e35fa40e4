public import OCI

/// SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/).
extension SoftwareList {
    /// - Parameters:
    ///   - version: of this program.
    ///   - created: seconds since 1970.
    public func spdx(version: String, created: Int64) -> JSON {
        let identity = image?.hex ?? "container"
        let imageID = "SPDXRef-Image"
        var packages: [JSON] = [
            .members([
                "SPDXID": .string(imageID), "name": .string(displayed(title)),
                "versionInfo": image.map { .string($0.description) },
                "primaryPackagePurpose": .string("CONTAINER"), "downloadLocation": .string("NOASSERTION"),
                "filesAnalyzed": .bool(false), "licenseConcluded": .string("NOASSERTION"),
                "licenseDeclared": .string("NOASSERTION"), "copyrightText": .string("NOASSERTION"),
                "supplier": .string("NOASSERTION"),
                "checksums": image.flatMap { digest in
                    digest.algorithm == .sha256
                        ? .array([.members(["algorithm": .string("SHA256"), "checksumValue": .string(digest.hex)])])
                        : nil
                },
            ])
        ]
        var relationships = [Self.relationship("SPDXRef-DOCUMENT", "DESCRIBES", imageID)]
        for (number, found) in self.packages.enumerated() {
            let id = "SPDXRef-\(found.package.kind.rawValue)-\(number + 1)"
            packages.append(spdx(found, id: id))
            relationships.append(Self.relationship(imageID, "CONTAINS", id))
        }
        return .members([
            "spdxVersion": .string("SPDX-2.3"), "dataLicense": .string("CC0-1.0"),
            "SPDXID": .string("SPDXRef-DOCUMENT"), "name": .string(displayed(title)),
            "documentNamespace": .string("https://spdx.org/spdxdocs/shale-\(identity)-\(created)"),
            "creationInfo": .members([
                "created": .string(UTCTime.text(created)), "creators": JSON(["Tool: shale-\(version)"]),
                "comment": notes.isEmpty ? nil : .string("Not read: " + notes.joined(separator: "; ")),
            ]),
            "packages": .array(packages), "relationships": .array(relationships),
        ])
    }

    private func spdx(_ found: FoundPackage, id: String) -> JSON {
        let layer = found.layer
        var origin = "/\(oneLine(found.path)) says so; brought by layer \(layer.number + 1), \(layer.digest)"
        if let step = layer.createdBy { origin += ": \(oneLine(step))" }
        let reference = JSON.members([
            "referenceCategory": .string("PACKAGE-MANAGER"), "referenceType": .string("purl"),
            "referenceLocator": .string(PackageURL.text(found.package, distribution: distribution)),
        ])
        return .members([
            "SPDXID": .string(id), "name": .string(found.package.name),
            "versionInfo": found.package.version.isEmpty ? nil : .string(found.package.version),
            "downloadLocation": .string("NOASSERTION"), "filesAnalyzed": .bool(false),
            "licenseConcluded": .string("NOASSERTION"), "licenseDeclared": .string("NOASSERTION"),
            "licenseComments": found.package.license.map { .string("declared as: \(oneLine($0))") },
            "copyrightText": .string("NOASSERTION"), "supplier": .string("NOASSERTION"),
            "sourceInfo": .string(origin), "externalRefs": .array([reference]),
        ])
    }

    private static func relationship(_ from: String, _ type: String, _ to: String) -> JSON {
        .members([
            "spdxElementId": .string(from), "relationshipType": .string(type), "relatedSpdxElement": .string(to),
        ])
    }
}
