import ArgumentParser
import OCI

/// `shale doctor`: what this machine allows to this user, tried rather than guessed; and whether a store is sound.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what this machine allows to you, and what would have to change for more.",
        discussion: """
            Rungs, the best first: 1 real owners (root, or a user namespace with subordinate ids); 2 a user namespace \
            with one id, owners recorded; 3 mounts through fusermount3, no user namespace; 4 nothing but files. \
            Exit status 1 where no mount is possible.

            With --store the store is checked instead: every document, blob, layer and name. One line for each thing that is \
            wrong; exit status 1 where there is one.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(help: "Check the store.")
    var store = false

    @Option(help: "text or json.")
    var format = Output.Format.text

    func run() throws {
        if store { return try checkStore() }
        let examination = Examination()
        Output.findings(examination.findings, rung: examination.rung, format)
        if examination.rung == 4 { throw ExitCode(1) }
    }

    private func checkStore() throws {
        let store = try location.existing()
        let problems: [Validator.Problem]
        do throws(StoreError) { problems = try Validator(store).problems() } catch {
            throw Failure.failed(error.description)
        }
        Output.problems(problems.map(\.description), format)
        if !problems.isEmpty { throw ExitCode(1) }
    }
}
