/// What dpkg and apk recorded.
enum SystemPackages {
    /// `/var/lib/dpkg/status`, or a file of `status.d`, where images without dpkg keep a record each.
    ///
    /// - Parameter isWhole: false for `status.d`, whose records have no status.
    static func dpkg(_ bytes: [UInt8], isWhole: Bool) -> [SoftwarePackage] {
        var result: [SoftwarePackage] = []
        let wanted: Set<String> = ["Package", "Version", "Architecture", "Status", "Source"]
        RecordedFields.records(in: bytes, wanted: wanted) { record in
            guard let name = record["Package"], !name.isEmpty, let version = record["Version"] else { return }
            if isWhole {
                // "want flag state": removed packages keep a record for their configuration files.
                guard let status = record["Status"]?.split(separator: " "), status.count == 3, status[2] == "installed"
                else { return }
            }
            var package = SoftwarePackage(.deb, name, version)
            package.architecture = record["Architecture"]
            // "NAME (VERSION)" where the source has another version.
            package.source = record["Source"]?.split(separator: " ").first.map(String.init)
            result.append(package)
        }
        return result
    }

    /// `/lib/apk/db/installed` (apk-tools, "Installed database"): records of one-letter fields.
    static func apk(_ bytes: [UInt8]) -> [SoftwarePackage] {
        var result: [SoftwarePackage] = []
        RecordedFields.records(in: bytes, wanted: ["P", "V", "A", "L", "o"]) { record in
            guard let name = record["P"], !name.isEmpty, let version = record["V"] else { return }
            var package = SoftwarePackage(.apk, name, version)
            package.architecture = record["A"]
            package.license = record["L"]
            package.source = record["o"].flatMap { $0 == name ? nil : $0 }
            result.append(package)
        }
        return result
    }

    /// `ID` and `VERSION_ID` of os-release(5).
    static func distribution(_ bytes: [UInt8]) -> (id: String, version: String)? {
        var values: [String: String] = [:]
        for line in bytes.split(separator: 0x0a).prefix(200) {
            guard let sign = line.firstIndex(of: 0x3d) else { continue }
            let value = Array(line[(sign + 1)...]).unquotedText
            values[String(decoding: line[..<sign], as: UTF8.self)] = RecordedFields.text(Array(value.utf8)[...])
        }
        guard let id = values["ID"], !id.isEmpty else { return nil }
        return (id.lowercased(), values["VERSION_ID"] ?? "")
    }
}
