internal import GoTemplate
internal import Linux

/// A mount of ours that this process sees, with its stack as far as its server says it.
public struct OwnMount: Equatable, Sendable {
    /// As bytes.
    public let place: [UInt8]
    /// The options that its server was started with; empty where there is no telling.
    public let options: [UInt8]

    /// Those of /proc/self/mountinfo (proc(5)) whose type is `fuse.shale`.
    public static func all() -> [OwnMount] {
        let places = lines("/proc/self/mountinfo").compactMap { line -> [UInt8]? in
            let words = line.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
            guard words.count > 6, let dash = words[6...].firstIndex(of: [UInt8(ascii: "-")]), dash + 1 < words.count,
                words[dash + 1] == Array("fuse.shale".utf8)
            else { return nil }
            return unescaped(words[4])
        }
        if places.isEmpty { return [] }
        let servers = servers()
        return places.map { place in
            // A server was given the path as its user wrote it.
            let server = servers.first { place == $0.place || place.ends(with: $0.place) }
            return OwnMount(place: place, options: server?.options ?? [])
        }
    }

    var value: Value {
        func text(_ bytes: [UInt8]) -> Value { .string(String(decoding: bytes, as: UTF8.self)) }
        let lowers =
            option("lowerdir").map { Array($0.split(separator: UInt8(ascii: ":")).map { text(Array($0)) }) } ?? []
        return .object([
            .init("MountPoint", text(place)), .init("LowerDir", .list(.init(lowers))),
            .init("UpperDir", text(option("upperdir") ?? [])), .init("WorkDir", text(option("workdir") ?? [])),
            .init("Options", text(options)),
        ])
    }

    private func option(_ name: String) -> [UInt8]? {
        let prefix = Array("\(name)=".utf8)
        return options.split(separator: UInt8(ascii: ",")).first { $0.starts(with: prefix) }
            .map { Array($0.dropFirst(prefix.count)) }
    }

    /// The mount helpers that run: the options and the place of each.
    private static func servers() -> [(place: [UInt8], options: [UInt8])] {
        var found: [(place: [UInt8], options: [UInt8])] = []
        guard let processes = try? FD.workingDirectory.open("/proc", [.readOnly, .directory]) else { return [] }
        var ids: [[UInt8]] = []
        try? processes.fd.forEachEntry { entry in
            let name = Array(entry.name)
            if name.allSatisfy({ (0x30...0x39).contains($0) }) { ids.append(name) }
            return true
        }
        for id in ids {
            let base = "/proc/\(String(decoding: id, as: UTF8.self))"
            guard contents("\(base)/comm").starts(with: Array("shalefs".utf8)) else { continue }
            let words = contents("\(base)/cmdline").split(separator: 0).map(Array.init)
            var options: [[UInt8]] = []
            for (index, word) in words.enumerated() where word.starts(with: Array("-o".utf8)) {
                if word.count > 2 {
                    options.append(Array(word.dropFirst(2)))
                } else if index + 1 < words.count {
                    options.append(words[index + 1])
                }
            }
            if let place = words.last, words.count > 1 {
                found.append((place, Array(options.joined(separator: [UInt8(ascii: ",")]))))
            }
        }
        return found
    }

    private static func lines(_ path: String) -> [[UInt8]] { contents(path).split(separator: 0x0a).map(Array.init) }

    private static func contents(_ path: String) -> [UInt8] {
        guard let file = try? FD.workingDirectory.open(path, .readOnly) else { return [] }
        return (try? file.fd.remainder(atMost: 16 << 20)) ?? []
    }

    /// Space, tab, line feed and backslash are written as `\` and three octal digits.
    private static func unescaped(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = path[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

extension [UInt8] {
    fileprivate func ends(with other: [UInt8]) -> Bool {
        guard let first = other.first else { return false }
        return first != UInt8(ascii: "/") && suffix(other.count + 1).elementsEqual([UInt8(ascii: "/")] + other)
    }
}
