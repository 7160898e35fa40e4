/// What package managers keep and no container needs.
enum PackageCache {
    /// Directories from the root.
    private static let absolute: [(place: [UInt8], name: String)] = [
        ("var/lib/apt/lists/", "apt lists"), ("var/cache/apt/", "apt archives"),
        ("var/cache/debconf/", "debconf cache"),
        ("var/cache/apk/", "apk cache"), ("etc/apk/cache/", "apk cache"), ("var/cache/yum/", "yum cache"),
        ("var/cache/dnf/", "dnf cache"), ("var/cache/libdnf5/", "dnf cache"), ("var/cache/zypp/", "zypper cache"),
        ("var/cache/pacman/pkg/", "pacman cache"), ("var/cache/ldconfig/", "ldconfig cache"),
        ("var/cache/xbps/", "xbps cache"), ("usr/local/share/.cache/yarn/", "yarn cache"),
        ("root/go/pkg/mod/cache/", "Go module cache"), ("go/pkg/mod/cache/", "Go module cache"),
        ("usr/local/cargo/registry/", "Cargo registry"),
    ].map { (Array($0.0.utf8), $0.1) }

    /// Directories anywhere, mostly in somebody's home.
    private static let anywhere: [(place: [UInt8], name: String)] = [
        ("/.cache/pip/", "pip cache"), ("/.cache/uv/", "uv cache"), ("/.cache/pypoetry/", "Poetry cache"),
        ("/.cache/go-build/", "Go build cache"), ("/.cache/yarn/", "yarn cache"), ("/.npm/_cacache/", "npm cache"),
        ("/.npm/_logs/", "npm logs"), ("/.yarn/cache/", "yarn cache"), ("/.local/share/pnpm/store/", "pnpm store"),
        ("/.pnpm-store/", "pnpm store"), ("/.cargo/registry/", "Cargo registry"), ("/.cargo/git/", "Cargo checkouts"),
        ("/.gem/ruby/cache/", "gem cache"), ("/.bundle/cache/", "Bundler cache"),
        ("/.composer/cache/", "Composer cache"),
        ("/.m2/repository/", "Maven repository"), ("/.gradle/caches/", "Gradle caches"),
        ("/.nuget/packages/", "NuGet packages"),
        ("/conda/pkgs/", "conda packages"), ("/.cache/composer/", "Composer cache"),
    ].map { (Array($0.0.utf8), $0.1) }

    /// What a file is kept for, by its path from the root; nil for an ordinary file.
    static func name(_ path: [UInt8]) -> String? { find(path)?.name }

    /// The directory that a package manager keeps a file in, without slashes at either end.
    static func directory(of path: [UInt8]) -> [UInt8]? {
        guard let place = find(path)?.place else { return nil }
        if path.starts(with: place) { return Array(path[..<(place.count - 1)]) }
        // The slash before the path is not part of it.
        return ([0x2f] + path).firstRange(of: place).map { Array(path[..<($0.upperBound - 2)]) }
    }

    private static func find(_ path: [UInt8]) -> (place: [UInt8], name: String)? {
        if let found = absolute.first(where: { path.starts(with: $0.place) }) { return found }
        guard path.contains(0x2e) || path.starts(with: conda) else { return nil }
        let whole = [0x2f] + path
        return anywhere.first { whole.holds($0.place) }
    }

    private static let conda = Array("opt/conda".utf8)
}
