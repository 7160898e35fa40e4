import ArgumentParser

/// `shale doctor`: what this machine allows to this user, tried rather than guessed.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what this machine allows to you, and what would have to change for more.",
        discussion: """
            Rungs, the best first: 1 real owners (root, or a user namespace with subordinate ids); 2 a user namespace \
            with one id, owners recorded; 3 mounts through fusermount3, no user namespace; 4 nothing but files. \
            Exit status 1 where no mount is possible.
            """)

    @Option(help: "text or json.")
    var format = Output.Format.text

    func run() throws {
        let examination = Examination()
        Output.findings(examination.findings, rung: examination.rung, format)
        if examination.rung == 4 { throw ExitCode(1) }
    }
}
