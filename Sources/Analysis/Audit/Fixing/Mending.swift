internal import OCI

/// What can be mended in the files of an image without knowing what they are for.
public struct Mending: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// A new mode, set-id bits or everybody's write permission gone, or a sticky bit there.
        case mode(from: UInt32, to: UInt32)
        /// A list or download that a package manager left.
        case removal(bytes: Int64)
    }

    /// From the root, without a leading slash.
    public let path: [UInt8]
    /// The layer that brought it, from the base up, counted from zero.
    public let layer: Int
    public let action: Action

    /// All that is to be done to an image, in the order of the paths' bytes.
    static func all(in tree: VisibleTree, _ configuration: AuditConfiguration) -> [Mending] {
        let ignored = PathList.normalized(configuration.ignoredPaths)
        var result: [Mending] = []
        for path in tree.paths where !PathList.contains(path, in: ignored) {
            guard let (layer, entry) = tree.entry(path), let action = action(for: entry, configuration) else {
                continue
            }
            result.append(Mending(path: path, layer: layer, action: action))
        }
        return result
    }

    private static func action(for entry: LayerEntry, _ configuration: AuditConfiguration) -> Action? {
        func mends(_ rule: AuditRule) -> Bool { !rule.isNamed(in: configuration.ignored) }
        if entry.cacheDirectory != nil, mends(.packageCache) { return .removal(bytes: entry.size) }
        var mode = entry.mode
        switch entry.kind {
        case .file, .hardLink:
            if mends(.setUserID) { mode &= ~0o4000 }
            if mode & 0o111 != 0, mends(.setGroupID) { mode &= ~0o2000 }
            if mends(.worldWritableFile) { mode &= ~0o002 }
        case .directory:
            if mode & 0o1002 == 0o002, mends(.worldWritableDirectory) { mode |= 0o1000 }
        default: return nil
        }
        return mode == entry.mode ? nil : .mode(from: entry.mode, to: mode)
    }
}

extension [Mending] {
    /// The lines of a Dockerfile that would have made it so, under the step that each belongs to.
    func dockerfileLines(_ layers: [LayerContents], user: String?) -> [String] {
        var lines: [String] = []
        for number in Set(map(\.layer)).sorted() {
            let instruction =
                layers[number].layer.instruction.map { oneLine(SecretText.masked($0)) } ?? "layer \(number + 1)"
            lines.append("# Where layer \(number + 1) is made: \(instruction)")
            let own = filter { $0.layer == number }
            for (option, mask, isSet) in [
                ("u-s", UInt32(0o4000), false), ("g-s", 0o2000, false), ("o-w", 0o002, false), ("+t", 0o1000, true),
            ] {
                let paths = own.filter { mending in
                    guard case .mode(let old, let new) = mending.action else { return false }
                    return isSet ? new & mask != 0 && old & mask == 0 : old & mask != 0 && new & mask == 0
                }.map(\.path)
                lines += Self.run("chmod \(option)", paths)
            }
            let directories = Set(
                own.compactMap { mending -> [UInt8]? in
                    guard case .removal = mending.action else { return nil }
                    return PackageCache.directory(of: mending.path)
                }
            ).sorted { $0.lexicographicallyPrecedes($1) }
            if !directories.isEmpty {
                lines.append(
                    "RUN rm -rf " + directories.map { ShellQuoting.quoted([0x2f] + $0) + "/*" }.joined(separator: " "))
            }
        }
        if let user { lines.append("USER \(user)") }
        return lines
    }

    private static func run(_ command: String, _ paths: [[UInt8]]) -> [String] {
        if paths.isEmpty { return [] }
        // Nobody reads more; find(1) says it in a line.
        guard paths.count <= 24 else {
            let search =
                switch command {
                case "chmod +t": "-type d -perm -0002 ! -perm -1000"
                case "chmod o-w": "-type f -perm -0002"
                case "chmod g-s": "-type f -perm -2000"
                default: "-type f -perm -4000"
                }
            return ["RUN find / -xdev \(search) -exec \(command) {} +"]
        }
        return ["RUN \(command) " + paths.map { ShellQuoting.quoted([0x2f] + $0) }.joined(separator: " ")]
    }
}

/// Words for a shell.
enum ShellQuoting {
    static func quoted(_ word: [UInt8]) -> String {
        let isPlain = word.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "/._-+:,@%=".utf8.contains(byte)
        }
        let text = displayed(word)
        return isPlain && !word.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
