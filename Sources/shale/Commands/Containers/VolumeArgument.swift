import CLinux
import Containers
import Glibc
import Linux
import OCI

/// Mounts of a container as people write them.
enum VolumeArgument {
    /// `SOURCE:DESTINATION[:OPTIONS]`.
    static func bind(_ text: String) throws(ContainerError) -> SandboxSpec.Mount {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, !parts[0].isEmpty else {
            throw ContainerError(.failed, "--volume \(printable(text)): SOURCE:DESTINATION[:ro] is wanted")
        }
        var isReadOnly = false
        for option in parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : [] {
            switch option {
            case "ro", "readonly": isReadOnly = true
            // There is no SELinux label to set here, and mounts are always recursive.
            case "rw", "z", "Z", "rbind", "rprivate", "private": break
            default:
                throw ContainerError(.failed, "--volume \(printable(text)): option \(printable(option)) is unknown")
            }
        }
        return try bind(parts[0], parts[1], isReadOnly, text)
    }

    private static func bind(
        _ source: String, _ destination: String, _ isReadOnly: Bool, _ text: String
    ) throws(ContainerError) -> SandboxSpec.Mount {
        guard destination.hasPrefix("/") else {
            throw ContainerError(.failed, "mount \(printable(text)): the destination is not absolute")
        }
        guard source.hasPrefix("/") || source.hasPrefix(".") else {
            throw ContainerError(
                .failed,
                "mount \(printable(text)): named volumes are not kept here; give a path, ./\(printable(source)) for one"
            )
        }
        guard let resolved = realpath(Arguments.bytes(source).cPath, nil) else {
            throw ContainerError(.failed, "mount \(printable(source)): \(Errno(errno))")
        }
        defer { free(resolved) }
        let path = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map { UInt8(bitPattern: $0) }
        return SandboxSpec.Mount(.bind(path), at: Array(destination.utf8), isReadOnly: isReadOnly)
    }

    /// `type=bind,source=…,destination=…` and `type=tmpfs,destination=…`.
    static func mount(_ text: String) throws(ContainerError) -> SandboxSpec.Mount {
        var values: [String: String] = [:]
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            let key = ["src": "source", "dst": "destination", "target": "destination", "ro": "readonly"][parts[0]]
            values[key ?? parts[0]] = parts.count == 2 ? parts[1] : "true"
        }
        let known = [
            "type", "source", "destination", "readonly", "tmpfs-size", "tmpfs-mode", "bind-propagation", "consistency",
        ]
        if let other = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw ContainerError(.failed, "--mount \(printable(text)): \(printable(other)) is unknown")
        }
        guard let destination = values["destination"] else {
            throw ContainerError(.failed, "--mount \(printable(text)): no destination")
        }
        let isReadOnly = values["readonly"].map { $0 == "true" || $0 == "1" } ?? false
        switch values["type"] {
        case "bind":
            guard let source = values["source"] else {
                throw ContainerError(.failed, "--mount \(printable(text)): no source")
            }
            return try bind(source, destination, isReadOnly, text)
        case "tmpfs":
            let size = try values["tmpfs-size"].map { (size) throws(ContainerError) in try bytes(size, text) }
            let mode = values["tmpfs-mode"].flatMap { UInt32($0, radix: 8) } ?? 0o1777
            return SandboxSpec.Mount(
                .temporary(size: size, mode: mode), at: Array(destination.utf8), isReadOnly: isReadOnly)
        default:
            throw ContainerError(.failed, "--mount \(printable(text)): the types are bind and tmpfs")
        }
    }

    /// `DESTINATION[:size=N,mode=M]`.
    static func tmpfs(_ text: String) throws(ContainerError) -> SandboxSpec.Mount {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let destination = parts.first, destination.hasPrefix("/") else {
            throw ContainerError(.failed, "--tmpfs \(printable(text)): an absolute path is wanted")
        }
        var size: Int64?
        var mode: UInt32 = 0o1777
        for option in parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : [] {
            if option.hasPrefix("size=") {
                size = try bytes(String(option.dropFirst(5)), text)
            } else if option.hasPrefix("mode=") {
                mode = UInt32(option.dropFirst(5), radix: 8) ?? mode
            }
        }
        return SandboxSpec.Mount(.temporary(size: size, mode: mode), at: Array(destination.utf8))
    }

    private static func bytes(_ size: String, _ text: String) throws(ContainerError) -> Int64 {
        let units: [Character: Int64] = ["b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        let unit = size.last.flatMap { units[Character($0.lowercased())] }
        let digits = unit == nil ? size[...] : size.dropLast()
        guard let number = Int64(digits), number > 0, number < 1 << 32 || unit == nil || unit == 1 else {
            throw ContainerError(.failed, "mount \(printable(text)): \(printable(size)) is no size")
        }
        return number * (unit ?? 1)
    }
}
