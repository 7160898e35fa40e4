import ArgumentParser
import Containers
import Glibc
import Linux
import OCI

/// `shale run`: a container of an image, kept for `commit`, `diff` and `rm`.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command in a new container of an image.",
        usage: "shale run [OPTION...] IMAGE [COMMAND [ARGUMENT...]]",
        discussion: """
            An image that is not here is pulled. The container's changes go to an upper directory of their own and stay, with \
            what became of the command, until shale rm; shale diff shows them, shale commit makes an image of them. The \
            command sees private /proc, /dev and /sys, and a list of system calls and capabilities as Docker gives them. An \
            ordinary user is root inside, by his subordinate ids where he has some.

            NETWORK host, the default, is the machine's own network; none has a loopback device alone.

            Exit status: the command's own; 126 when it cannot be run, 127 when the image has no such program, 125 when \
            Shale itself failed. Signals are passed on.

            EXAMPLES
              shale run -it busybox sh
              shale run --rm -v "$PWD:/src" -w /src -e CC=gcc debian make
            """)

    @OptionGroup var location: StoreOptions
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var container: ContainerOptions

    @Flag(name: .shortAndLong, help: "Keep standard input open for the command.")
    var interactive = false

    @Flag(name: .shortAndLong, help: "Give the command a terminal.")
    var tty = false

    @Flag(name: .customLong("rm"), help: "Remove the container when the command has ended.")
    var removes = false

    @Option(help: "always, missing or never.")
    var pull = PullPolicy.missing

    @Option(help: "os/architecture[/variant] of the image; this machine's otherwise.")
    var platform: Platform?

    @Option(help: "runc, crun or bwrap; the first that is here otherwise.")
    var runtime: String?

    @Option(help: ArgumentHelp("Write the container's id to a file that does not exist.", valueName: "file"))
    var cidfile: String?

    @Argument(parsing: .captureForPassthrough, help: "The image, then the command and its arguments.")
    var words: [String]

    func run() throws {
        guard let name = words.first else { throw Failure.used("run: no image given; see shale run --help") }
        if tty, isatty(0) == 0 { throw Failure.used("run: -t wants a terminal on standard input") }
        // Before there are other threads.
        let relay = SignalRelay()
        let store = try location.store()
        let image = try ImageSource(store: store, registry: registry, policy: pull, platform: platform).find(name)
        let containers = ContainerStore(store)
        let status: Int32
        do throws(ContainerError) {
            var request = ContainerRun.Request(image: image, imageName: name)
            try container.apply(to: &request, command: Array(words.dropFirst()))
            request.isInteractive = interactive
            request.hasTerminal = tty
            let runner = ContainerRun(
                containers, runtime: try Runtime.find(runtime), mountHelper: Programs.path("shalefs"))
            let record = try runner.run(request, relay: relay) { (id) throws(ContainerError) in try writeID(id) }
            status = record.exitCode ?? 125
            if removes { try containers.remove(record) }
        } catch {
            throw Failure(container: error)
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func writeID(_ id: String) throws(ContainerError) {
        guard let cidfile else { return }
        try ContainerError.naming("write \(cidfile)") { () throws(Errno) in
            let path = Arguments.bytes(cidfile).cPath
            let file = try FD.workingDirectory.open(path, [.writeOnly, .create, .exclusive], mode: 0o644)
            try file.fd.writeAll(Array(id.utf8))
        }
    }
}

extension Failure {
    /// With the statuses that people know of `docker run`.
    init(container error: ContainerError) {
        let isProgram = error.description.hasPrefix("run ")
        let status: Int32
        switch error.kind {
        case .missing: status = isProgram ? 127 : 125
        case .notExecutable: status = 126
        case .failed: status = 125
        }
        self.init(status: status, message: error.description)
    }
}
