import ArgumentParser
import OCI

/// How a registry is reached, for every command that talks to one.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Whether certificates are verified; with false, HTTP will do too.", valueName: "true|false"))
    var tlsVerify = true

    @Option(
        help: ArgumentHelp(
            "Certificates for the registry: *.crt of authorities, *.cert and *.key of our own. Otherwise those of "
                + "/etc/containers/certs.d and /etc/docker/certs.d.", valueName: "dir"))
    var certDir: String?

    @Option(
        help: ArgumentHelp(
            "The file of credentials. Otherwise REGISTRY_AUTH_FILE, or containers/auth.json and Docker's config.json.",
            valueName: "file"))
    var authfile: String?

    var credentials: CredentialStore {
        let environment = Environment.process
        return authfile.map { CredentialStore(file: Arguments.bytes($0), environment) } ?? CredentialStore(environment)
    }

    /// - Throws: ``Failure`` when no thread can be started.
    func client() throws -> HTTPClient {
        let environment = Environment.process
        var trust = Trust(environment)
        trust.verifies = tlsVerify
        trust.certificates = certDir.map { Arguments.bytes($0) }
        do { return try HTTPClient(trust: trust, environment: environment) } catch { throw Failure.failed("\(error)") }
    }

    func registry(_ name: String) throws -> Registry {
        Registry(name, client: try client(), allowsPlain: !tlsVerify, store: credentials)
    }
}

/// The registry that a user names: a host, as in references, or an address of it.
struct RegistryName: ExpressibleByArgument {
    let name: String

    init?(argument: String) {
        var text = argument[...]
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
        let host = String(text.prefix { $0 != "/" })
        if host == "index.docker.io" || host == "registry-1.docker.io" {
            name = Reference.defaultRegistry
        } else {
            guard (try? Reference(registry: host, repository: "x")) != nil else { return nil }
            name = host
        }
    }

    init(_ name: String) { self.name = name }

    var defaultValueDescription: String { name }
}
