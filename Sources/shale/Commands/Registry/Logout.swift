import ArgumentParser
import OCI

/// `shale logout`: forgets the credentials for a registry.
struct Logout: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Forget the credentials for a registry.")

    @Option(
        help: ArgumentHelp("The file of credentials; otherwise every file that has some.", valueName: "file"))
    var authfile: String?

    @Argument(help: "The registry; Docker Hub without one.")
    var registry = RegistryName(Reference.defaultRegistry)

    func run() throws {
        let name = registry.name
        let environment = Environment.process
        let store =
            authfile.map { CredentialStore(file: Arguments.bytes($0), environment) } ?? CredentialStore(environment)
        let existed = try reporting { try await store.erase(registry: name) }
        guard existed else { throw Failure(status: 1, message: "logout: no credentials for \(name)") }
        print("Removed login credentials for \(name)")
    }
}
