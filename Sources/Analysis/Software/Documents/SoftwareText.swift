extension SoftwareList {
    /// A line for each package: kind, name, version, layer, file.
    public var text: String {
        packages.map { found in
            let fields = [
                found.package.kind.rawValue, found.package.name, found.package.version,
                "layer \(found.layer.number + 1)", "/\(oneLine(found.path))",
            ]
            return fields.map { oneLine($0, atMost: 1024) }.joined(separator: "\t") + "\n"
        }.joined()
    }
}
