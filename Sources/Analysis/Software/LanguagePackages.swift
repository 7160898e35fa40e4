internal import OCI

/// What package managers of languages left beside what they installed.
enum LanguagePackages {
    /// `METADATA` of a `.dist-info`, `PKG-INFO` of an `.egg-info` (Python's core metadata specification).
    static func python(_ bytes: [UInt8]) -> SoftwarePackage? {
        var found: SoftwarePackage?
        let wanted: Set<String> = ["Name", "Version", "License", "License-Expression"]
        RecordedFields.records(in: bytes, wanted: wanted) { record in
            // What follows the first blank line is a description, which may look like anything.
            guard found == nil, let name = record["Name"], !name.isEmpty, let version = record["Version"] else {
                return
            }
            var package = SoftwarePackage(.pypi, name, version)
            package.license = (record["License-Expression"] ?? record["License"]).flatMap { $0.isEmpty ? nil : $0 }
            found = package
        }
        return found
    }

    /// `package.json` in `node_modules`.
    static func npm(_ bytes: [UInt8]) -> SoftwarePackage? {
        guard case .object(let object)? = try? JSON(parsing: bytes), let name = text(object["name"]), isName(name),
            let version = text(object["version"])
        else { return nil }
        var package = SoftwarePackage(.npm, name, version)
        if let license = text(object["license"]) {
            package.license = license
        } else if case .object(let license)? = object["license"] {
            package.license = text(license["type"])
        }
        return package
    }

    /// `package-lock.json`, versions 1 to 3: what is installed by it, development tools left out.
    ///
    /// - Throws: what is wrong with it, in words.
    static func npmLock(_ bytes: [UInt8]) throws(DocumentError) -> [SoftwarePackage] {
        guard case .object(let root) = try JSON(parsing: bytes) else { return [] }
        var result: [SoftwarePackage] = []
        func add(_ name: String, _ value: JSON) -> JSONObject? {
            guard case .object(let entry) = value, entry["dev"] != .bool(true), entry["link"] != .bool(true) else {
                return nil
            }
            if isName(name), let version = text(entry["version"]) {
                result.append(SoftwarePackage(.npm, name, version))
            }
            return entry
        }
        if case .object(let packages)? = root["packages"] {
            for member in packages.members {
                guard let range = member.key.ranges(of: "node_modules/").last else { continue }
                _ = add(String(member.key[range.upperBound...]), member.value)
            }
            return result
        }
        // Version 1 nests what it installs beneath others.
        var waiting: [JSON] = root["dependencies"].map { [$0] } ?? []
        while let next = waiting.popLast() {
            guard case .object(let dependencies) = next else { continue }
            for member in dependencies.members {
                if let entry = add(member.key, member.value), let inner = entry["dependencies"] {
                    waiting.append(inner)
                }
            }
        }
        return result
    }

    private static func text(_ value: JSON?) -> String? {
        guard case .string(let text)? = value, !text.isEmpty, text.utf8.count <= 512 else { return nil }
        return RecordedFields.text(Array(text.utf8)[...])
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256
            && name.split(separator: "/", omittingEmptySubsequences: false).count <= 2
    }
}
