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
    public var directories: [[UInt8]]
    /// A directory of such files for whatever registry, before all others (`--cert-dir`).
    public var certificates: [UInt8]?
    /// PEM files that are believed for every host, in place of the system's (`SSL_CERT_FILE`, as in OpenSSL and Go).
    public var systemFile: [UInt8]?
    /// A directory with hashed names, in place of the system's (`SSL_CERT_DIR`).
    public var systemDirectory: [UInt8]?

    /// What the environment and the machine say.
    public init(_ environment: Environment) {
        let own = environment.path("HOME").map { [$0 + Array("/.config/containers/certs.d".utf8)] } ?? []
        directories = own + ["/etc/containers/certs.d", "/etc/docker/certs.d"].map { Array($0.utf8) }
        systemFile = environment.path("SSL_CERT_FILE")
        systemDirectory = environment.path("SSL_CERT_DIR")
    }

    /// What one connection is set up with; certificates and keys as PEM.
    struct Material {
        /// Nil leaves libcurl's default.
        var authorities: [UInt8]?
        var directory: [UInt8]?
        var certificate: [UInt8]?
        var key: [UInt8]?
    }

    func material(for address: Address) throws(TransferError) -> Material {
        var material = Material(directory: systemDirectory)
        if let systemFile { material.authorities = try Self.contents(systemFile) }
        guard let directory = certificates ?? directories.lazy.compactMap({ Self.directory($0, for: address) }).first
        else {
            return material
        }
        let names = try Self.names(directory)
        let authorities = names.filter { $0.ends(with: ".crt") }
        if !authorities.isEmpty {
            var bundle = material.authorities ?? []
            if material.authorities == nil { bundle = try Self.defaultAuthorities() }
            for name in authorities { bundle += [0x0a] + (try Self.contents(directory + [0x2f] + name)) }
            material.authorities = bundle
        }
        if let name = names.first(where: { $0.ends(with: ".cert") }) {
            let key = Array(name.dropLast(4)) + Array("key".utf8)
            guard names.contains(key) else {
                throw TransferError(
                    .local,
                    "read \(Self.text(directory))/\(Self.text(name)): its key \(Self.text(key)) is missing beside it")
            }
            material.certificate = try Self.contents(directory + [0x2f] + name)
            material.key = try Self.contents(directory + [0x2f] + key)
        }
        return material
    }

    private static func directory(_ parent: [UInt8], for address: Address) -> [UInt8]? {
        let host = address.host.utf8.contains(UInt8(ascii: ":")) ? "[\(address.host)]" : address.host
        // The name comes from an address: it may not climb.
        guard !host.hasPrefix("."), !host.utf8.contains(UInt8(ascii: "/")) else { return nil }
        let withPort = parent + Array("/\(host):\(address.port)".utf8)
        if access(withPort.cPath, R_OK) == 0 { return withPort }
        let bare = parent + Array("/\(host)".utf8)
        return address.port == 443 && access(bare.cPath, R_OK) == 0 ? bare : nil
    }

    private static func names(_ directory: [UInt8]) throws(TransferError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        do throws(Errno) {
            let opened = try FD.workingDirectory.open(directory.cPath, [.readOnly, .directory])
            try opened.fd.forEachEntry { entry in
                names.append(Array(entry.name))
                return true
            }
        } catch {
            throw TransferError(.local, "read \(text(directory)): \(error)")
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The bundle that this libcurl was built with; empty where it has none, and its directory alone counts.
    private static func defaultAuthorities() throws(TransferError) -> [UInt8] {
        guard let path = cc_default_authorities(), access(path, R_OK) == 0 else { return [] }
        return try contents(Array(String(cString: path).utf8))
    }

    private static func contents(_ path: [UInt8]) throws(TransferError) -> [UInt8] {
        do throws(Errno) { return try FD.workingDirectory.contents(of: path.cPath, atMost: 16 << 20) } catch {
            throw TransferError(.local, "read \(text(path)): \(error)")
        }
    }

    private static func text(_ path: [UInt8]) -> String { printable(String(decoding: path, as: UTF8.self)) }
}

extension [UInt8] {
    fileprivate func ends(with end: String) -> Bool { suffix(end.utf8.count).elementsEqual(end.utf8) }
}
