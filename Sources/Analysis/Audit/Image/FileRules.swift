internal import Linux
internal import OCI

/// Modes, attributes and kinds of the files that a container sees.
enum FileRules {
    static func check(_ tree: VisibleTree, ignoring ignored: [[UInt8]], _ report: inout ImageReport) {
        var caches = LeftBehind()
        for path in tree.paths where !PathList.contains(path, in: ignored) {
            guard let (layer, entry) = tree.entry(path) else { continue }
            switch entry.kind {
            case .file, .hardLink: checkFile(entry, layer, &report)
            case .directory:
                if entry.mode & 0o1002 == 0o002 {
                    report.add(.worldWritableDirectory, path, layer: layer, "mode \(octal(entry.mode))")
                }
            case .characterDevice, .blockDevice: checkDevice(entry, layer, &report)
            default: break
            }
            if path.ends(with: "/.git/HEAD") || path == Array(".git/HEAD".utf8) {
                report.add(.gitDirectory, Array(path.dropLast(5)), layer: layer)
            }
            checkName(entry, layer, &report)
            caches.add(entry, layer)
        }
        for cache in caches.found {
            report.add(
                .packageCache, cache.directory, layer: cache.layer,
                "\(cache.count) file\(cache.count == 1 ? "" : "s"), \(cache.bytes) bytes")
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func checkFile(_ entry: LayerEntry, _ layer: Int, _ report: inout ImageReport) {
        let isExecutable = entry.mode & 0o111 != 0
        if entry.mode & 0o4000 != 0 {
            report.add(
                .setUserID, entry.path, layer: layer, "mode \(octal(entry.mode)), owner \(entry.uid)",
                severity: KnownPrograms.contains(entry) ? .medium : .high)
        }
        // Without execution by the group the bit means mandatory locking.
        if entry.mode & 0o2000 != 0, isExecutable {
            report.add(
                .setGroupID, entry.path, layer: layer, "mode \(octal(entry.mode)), group \(entry.gid)",
                severity: KnownPrograms.contains(entry) ? .low : .medium)
        }
        if entry.mode & 0o002 != 0 {
            report.add(
                .worldWritableFile, entry.path, layer: layer, "mode \(octal(entry.mode))",
                severity: isExecutable && entry.uid == 0 ? .high : .medium)
        }
        for attribute in entry.attributes where attribute.name.elementsEqual("security.capability".utf8) {
            let capabilities = FileCapabilities(attribute.value)
            report.add(
                .fileCapability, entry.path, layer: layer, capabilities.description,
                severity: capabilities.isDangerous ? .high : .low)
        }
    }

    private static func checkDevice(_ entry: LayerEntry, _ layer: Int, _ report: inout ImageReport) {
        let isBlock = entry.kind == .blockDevice
        let number = entry.device.map { "\($0.major):\($0.minor)" } ?? "?"
        // /dev/null and its like give nothing away.
        let isHarmless =
            !isBlock
            && entry.device.map { $0.major == 1 && [3, 5, 7, 8, 9].contains($0.minor) || $0.major == 5 } ?? false
        report.add(
            .deviceNode, entry.path, layer: layer, "\(isBlock ? "block" : "character") device \(number)",
            severity: isBlock ? .high : isHarmless ? .info : .medium)
    }

    private static let histories: Set<[UInt8]> = Set(
        [
            ".bash_history", ".ash_history", ".zsh_history", ".python_history", ".psql_history", ".mysql_history",
            ".sh_history",
        ]
        .map { Array($0.utf8) })

    private static func checkName(_ entry: LayerEntry, _ layer: Int, _ report: inout ImageReport) {
        guard entry.kind == .file, entry.size > 0 else { return }
        if histories.contains(Array(entry.name)) { report.add(.shellHistory, entry.path, layer: layer) }
        if entry.path.ends(with: "/.ssh/authorized_keys") { report.add(.authorizedKeys, entry.path, layer: layer) }
    }
}

/// The set-id programs that distributions bring themselves: a risk to be mended, and no surprise.
private enum KnownPrograms {
    private static let names: Set<[UInt8]> = Set(
        [
            "bbsuid", "chage", "chfn", "chsh", "crontab", "dbus-daemon-launch-helper", "expiry", "fusermount",
            "fusermount3",
            "gpasswd", "mount", "newgidmap", "newgrp", "newuidmap", "pam_timestamp_check", "passwd", "pkexec",
            "polkit-agent-helper-1", "ssh-agent", "ssh-keysign", "su", "sudo", "umount", "unix_chkpwd", "userhelper",
            "utempter", "wall", "write", "write.ul", "sg", "bsd-write", "mount.nfs", "ntfs-3g", "ping",
        ].map { Array($0.utf8) })
    private static let directories = ["bin", "sbin", "usr/bin", "usr/sbin", "usr/lib", "usr/libexec", "lib"]

    static func contains(_ entry: LayerEntry) -> Bool {
        names.contains(Array(entry.name)) && (entry.uid == 0)
            && directories.contains { entry.path.starts(with: Array(($0 + "/").utf8)) }
    }
}

/// What package managers leave behind, put together by directory.
private struct LeftBehind {
    struct Cache {
        let directory: [UInt8]
        var layer: Int
        var count = 0
        var bytes: Int64 = 0
    }

    private var caches: [[UInt8]: Cache] = [:]

    mutating func add(_ entry: LayerEntry, _ layer: Int) {
        guard let directory = entry.cacheDirectory else { return }
        var cache = caches[directory] ?? Cache(directory: directory, layer: layer)
        cache.layer = max(cache.layer, layer)
        cache.count += 1
        cache.bytes &+= entry.size
        caches[directory] = cache
    }

    var found: [Cache] { caches.values.sorted { $0.directory.lexicographicallyPrecedes($1.directory) } }
}

extension LayerEntry {
    /// The directory of a list or download that a package manager left behind, if it is one; empty files are an empty cache's.
    var cacheDirectory: [UInt8]? {
        guard kind == .file, size > 0, let name = PackageCache.name(path), !Self.inUse.contains(name) else {
            return nil
        }
        return PackageCache.directory(of: path)
    }

    /// Caches that programs of an image may need when they run, and what only looks like a cache.
    private static let inUse: Set<String> = [
        "debconf cache", "ldconfig cache", "Maven repository", "Gradle caches", "NuGet packages", "Cargo registry",
        "Cargo checkouts", "Go module cache", "pnpm store", "conda packages",
    ]
}

extension [UInt8] {
    func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
