internal import OCI

/// Finds out what software an image holds, from what package managers and linkers recorded.
public enum SoftwareInventory {
    /// Reads the layers once.
    ///
    /// - Throws: ``AnalysisError`` where a layer cannot be read.
    public static func read(
        _ image: OpenedImage, _ pass: LayerPass = LayerPass()
    ) async throws(AnalysisError) -> SoftwareList {
        let scratch = try ScratchDirectory()
        let read = try await pass.read(image) { _ in [SoftwareVisitor(scratch: scratch)] }
        withExtendedLifetime(scratch) {}
        let visitors = read.map { $0.visitors.compactMap { $0 as? SoftwareVisitor }.first }
        let tree = VisibleTree(read.map(\.contents))
        let places = read.map {
            AuditFinding.LayerPlace(
                number: $0.contents.layer.index, digest: $0.contents.diffID.description,
                createdBy: $0.contents.layer.instruction)
        }
        var found: [FoundPackage] = []
        for path in Set(visitors.flatMap { $0?.records.keys.map { $0 } ?? [] }) {
            guard let (top, _) = tree.entry(path), let record = visitors[top]?.records[path] else { continue }
            let below = visitors[..<top].enumerated().reversed().compactMap { number, visitor in
                visitor?.records[path].map { (number, Set($0.packages)) }
            }
            for package in Set(record.packages) {
                found.append(
                    FoundPackage(package: package, path: path, layer: places[bringer(of: package, top, below)]))
            }
        }
        return SoftwareList(
            title: image.title, image: image.id, packages: sorted(unique(found)),
            distribution: distribution(tree, visitors),
            notes: visitors.compactMap { $0?.notes }.flatMap { $0 })
    }

    /// A database is written anew by every layer that installs something: the package is from the lowest of the layers, without a
    /// gap, that have it in this version.
    private static func bringer(
        of package: SoftwarePackage, _ top: Int, _ below: [(Int, Set<SoftwarePackage>)]
    ) -> Int {
        var layer = top
        for (number, packages) in below {
            guard packages.contains(package) else { break }
            layer = number
        }
        return layer
    }

    /// Of packages that a lock file says as well as the package itself, the package.
    private static func unique(_ found: [FoundPackage]) -> [FoundPackage] {
        var installed: Set<SoftwarePackage> = []
        for one in found where one.package.kind == .npm && !one.path.ends(with: "package-lock.json") {
            installed.insert(SoftwarePackage(.npm, one.package.name, one.package.version))
        }
        return found.filter {
            !$0.path.ends(with: "package-lock.json")
                || !installed.contains(SoftwarePackage(.npm, $0.package.name, $0.package.version))
        }
    }

    private static func sorted(_ found: [FoundPackage]) -> [FoundPackage] {
        found.sorted { one, other in
            let (a, b) = (one.package, other.package)
            if a.kind != b.kind { return a.kind < b.kind }
            for (x, y) in [(a.name, b.name), (a.version, b.version), (a.architecture ?? "", b.architecture ?? "")]
            where !x.utf8.elementsEqual(y.utf8) {
                return x.utf8.lexicographicallyPrecedes(y.utf8)
            }
            return one.path.lexicographicallyPrecedes(other.path)
        }
    }

    private static func distribution(_ tree: VisibleTree, _ visitors: [SoftwareVisitor?]) -> (
        id: String, version: String
    )? {
        for name in ["etc/os-release", "usr/lib/os-release"] {
            let path = Array(name.utf8)
            guard let (layer, _) = tree.entry(path), let content = visitors[layer]?.releases[path] else { continue }
            return SystemPackages.distribution(content)
        }
        return nil
    }
}
