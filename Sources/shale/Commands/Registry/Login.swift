import ArgumentParser
import CLinux
import Glibc
import Linux
import OCI

/// `shale login`: credentials for a registry, kept once the registry took them.
struct Login: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep the credentials for a registry.",
        discussion: """
            They are tried first, and kept only when the registry takes them: with the credential helper that the file names \
            (credsStore, credHelpers), otherwise in the file itself, which its owner alone may read. What is not given is \
            asked for on the terminal.
            """)

    @OptionGroup var options: RegistryOptions

    @Option(name: .shortAndLong, help: "The user.")
    var username: String?

    @Option(name: .shortAndLong, help: "The password; other users of this machine can see it while the command runs.")
    var password: String?

    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    @Argument(help: "The registry; Docker Hub without one.")
    var registry = RegistryName(Reference.defaultRegistry)

    func validate() throws {
        if passwordStdin, password != nil {
            throw ValidationError("--password and --password-stdin exclude each other")
        }
        if passwordStdin, username == nil { throw ValidationError("--password-stdin needs --username") }
    }

    func run() throws {
        let name = registry.name
        let user = try username ?? Self.ask("user for \(name): ", hidden: false)
        let secret: String
        if let password {
            secret = password
        } else {
            secret = passwordStdin ? try Self.input() : try Self.ask("password for \(user) at \(name): ", hidden: true)
        }
        guard !user.isEmpty, !secret.isEmpty else { throw Failure.used("login: a user and a password are needed") }
        let credential = Credential.basic(user: user, password: secret)
        let store = options.credentials
        let client = try options.client()
        let plain = !options.tlsVerify
        try reporting {
            let registry = Registry(name, client: client, allowsPlain: plain) { _ in credential }
            try await registry.check()
            try await store.store(credential, registry: name)
        }
        print("Login Succeeded")
    }

    /// Standard input, without the line's end.
    private static func input() throws -> String {
        do throws(Errno) {
            var bytes = try FD(0).remainder(atMost: 64 << 10)
            while bytes.last == 0x0a || bytes.last == 0x0d { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw Failure.failed("read the password: \(error)")
        }
    }

    /// One line from the terminal.
    private static func ask(_ question: String, hidden: Bool) throws -> String {
        guard isatty(0) == 1 else {
            throw Failure.used("login: standard input is no terminal; give --username and --password-stdin")
        }
        _ = question.utf8.withContiguousStorageIfAvailable { cl_write(2, $0.baseAddress, $0.count) }
        var before = termios()
        let silent = hidden && tcgetattr(0, &before) == 0
        if silent {
            var quiet = before
            quiet.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(0, TCSAFLUSH, &quiet)
        }
        defer {
            if silent {
                tcsetattr(0, TCSAFLUSH, &before)
                _ = cl_write(2, "\n", 1)
            }
        }
        return readLine() ?? ""
    }
}
