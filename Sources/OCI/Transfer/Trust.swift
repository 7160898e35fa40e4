import CCurl
import Glibc
import Linux

/// Whose certificates are believed, and which certificate of our own is shown.
///
/// A directory of certificates has one directory for each registry, named `HOST` or `HOST:PORT`; in it `*.crt` are
/// authorities that are believed for this registry besides the system's, `*.cert` with the `*.key` of the same name is
/// shown to it (containers-certs.d(5), Docker's "Verify repository client with certificates").
public struct Trust: Sendable {
    /// False: any certificate will do.
    public var verifies = true
    /// In order; the first that has a directory for a registry is the one.
    public var directories: [String]
    /// PEM files that are believed for every host, in place of the system's (`SSL_CERT_FILE`, as in OpenSSL and Go).
    public var systemFile: String?
    /// A directory with hashed names, in place of the system's (`SSL_CERT_DIR`).
    public var systemDirectory: String?

    /// What the environment and the machine say.
    public init(environment: [String: String]) {
        let home = environment["HOME"].map { ["\($0)/.config/containers/certs.d"] } ?? []
        directories = home + ["/etc/containers/certs.d", "/etc/docker/certs.d"]
        systemFile = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        systemDirectory = environment["SSL_CERT_DIR"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What one connection is set up with.
    struct Material {
        /// PEM; nil leaves libcurl's default.
        var authorities: [UInt8]?
        var directory: String?
        var certificate: [UInt8]?
        var key: [UInt8]?
    }

    func material(for address: Address) throws(TransferError) -> Material {
        var material = Material(directory: systemDirectory)
        if let systemFile { material.authorities = try Self.contents(systemFile) }
        guard let directory = directories.lazy.compactMap({ Self.directory($0, for: address) }).first else { return material }
        let names = try Self.names(directory)
        let authorities = names.filter { $0.hasSuffix(".crt") }
        if !authorities.isEmpty {
            var bundle = material.authorities ?? []
            if material.authorities == nil { bundle = try Self.defaultAuthorities() }
            for name in authorities { bundle += [0x0a] + (try Self.contents("\(directory)/\(name)")) }
            material.authorities = bundle
        }
        if let name = names.first(where: { $0.hasSuffix(".cert") }) {
            let key = name.dropLast(4) + "key"
            guard names.contains(String(key)) else {
                throw TransferError(.local, "read \(directory)/\(name): the key \(key) is missing beside it")
            }
            material.certificate = try Self.contents("\(directory)/\(name)")
            material.key = try Self.contents("\(directory)/\(key)")
        }
        return material
    }

    private static func directory(_ parent: String, for address: Address) -> String? {
        let host = address.host.utf8.contains(UInt8(ascii: ":")) ? "[\(address.host)]" : address.host
        // Names come from an address: none of them may climb.
        guard !host.hasPrefix("."), !host.utf8.contains(UInt8(ascii: "/")) else { return nil }
        let withPort = "\(parent)/\(host):\(address.port)"
        if access(withPort, R_OK) == 0 { return withPort }
        let bare = "\(parent)/\(host)"
        return address.port == 443 && access(bare, R_OK) == 0 ? bare : nil
    }

    private static func names(_ directory: String) throws(TransferError) -> [String] {
        var names: [String] = []
        do throws(Errno) {
            let opened = try FD.workingDirectory.open(directory, [.readOnly, .directory])
            try opened.fd.forEachEntry { entry in
                names.append(String(decoding: entry.name, as: UTF8.self))
                return true
            }
        } catch {
            throw TransferError(.local, "read \(directory): \(error)")
        }
        return names.sorted()
    }

    /// The bundle that this libcurl was built with; empty where it has none, and its directory alone counts.
    private static func defaultAuthorities() throws(TransferError) -> [UInt8] {
        guard let path = cc_default_authorities(), access(path, R_OK) == 0 else { return [] }
        return try contents(String(cString: path))
    }

    private static func contents(_ path: String) throws(TransferError) -> [UInt8] {
        do throws(Errno) { return try FD.workingDirectory.contents(of: path, atMost: 16 << 20) } catch {
            throw TransferError(.local, "read \(path): \(error)")
        }
    }
}
