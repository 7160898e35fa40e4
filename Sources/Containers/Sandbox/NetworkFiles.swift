import Glibc
internal import Linux

/// What a container needs in `/etc` to find names: written for each, mounted over whatever the image has.
public struct NetworkFiles: Sendable {
    public static let paths = ["/etc/resolv.conf", "/etc/hosts", "/etc/hostname"]

    public let hostname: String
    public let network: SandboxSpec.Network
    /// `HOST:ADDRESS`, as `--add-host` takes them.
    public let extraHosts: [String]

    public init(hostname: String, network: SandboxSpec.Network, extraHosts: [String] = []) {
        self.hostname = hostname
        self.network = network
        self.extraHosts = extraHosts
    }

    /// Writes them into a directory, and says how they are mounted.
    ///
    /// - Throws: ``ContainerError``, also for an extra host without an address.
    public func write(to directory: [UInt8]) throws(ContainerError) -> [SandboxSpec.Mount] {
        let contents = [resolver, try hosts(), hostname + "\n"]
        var mounts: [SandboxSpec.Mount] = []
        for (path, text) in zip(Self.paths, contents) {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let file = directory + Array("/\(name)".utf8)
            try ContainerError.naming("write \(name)") { () throws(Errno) in
                let opened = try FD.workingDirectory.open(file.cPath, [.writeOnly, .create, .truncate], mode: 0o644)
                try opened.fd.writeAll(Array(text.utf8))
            }
            mounts.append(SandboxSpec.Mount(.bind(file), at: Array(path.utf8)))
        }
        return mounts
    }

    /// The machine's; where that names only servers on the machine itself, they are reached in its own network alone.
    private var resolver: String {
        guard network == .host else { return "" }
        guard let bytes = try? FD.workingDirectory.contents(of: "/etc/resolv.conf", atMost: 1 << 20) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func hosts() throws(ContainerError) -> String {
        var text = """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            ff02::1\tip6-allnodes
            ff02::2\tip6-allrouters
            127.0.1.1\t\(hostname)

            """
        for entry in extraHosts {
            let separator = entry.firstIndex { $0 == ":" || $0 == "=" }
            guard let separator, separator != entry.startIndex, entry.index(after: separator) != entry.endIndex else {
                throw ContainerError(.failed, "--add-host \(entry): HOST:ADDRESS is wanted")
            }
            var address = entry[entry.index(after: separator)...]
            if address == "host-gateway" { address = "127.0.0.1" }
            if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
            var out = [UInt8](repeating: 0, count: 16)
            guard inet_pton(AF_INET, String(address), &out) == 1 || inet_pton(AF_INET6, String(address), &out) == 1
            else { throw ContainerError(.failed, "--add-host \(entry): \(address) is no address") }
            text += "\(address)\t\(entry[..<separator])\n"
        }
        return text
    }
}
