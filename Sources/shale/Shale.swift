import ArgumentParser
import CLinux
import Glibc

@main
struct Shale: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shale",
        abstract: "A union of directories as one writable tree, without privilege.",
        discussion: """
            Exit statuses: 0 done; 1 a check did not pass, or a command run inside failed (its own status where it has \
            one); 2 used wrongly; 125 Shale itself failed. Messages on standard error begin "shale: ".
            """,
        version: "0.1.0",
        subcommands: [
            Mount.self, Unmount.self, Try.self, Diff.self, LayerCommand.self,
            BuildCommand.self, Run.self, Processes.self, Remove.self, Commit.self,
            Images.self, Tag.self, RemoveImage.self, History.self, Inspect.self, Analyze.self, Audit.self, SBOM.self,
            Pull.self, Push.self, Load.self, Save.self, Import.self, Export.self, Login.self, Logout.self,
            Prune.self, Info.self, Doctor.self, Unpack.self,
        ])

    static func main() {
        do {
            // Namespaces are entered while the process has one thread, before anything else.
            if let status = try Try.continueInside() { Glibc.exit(status) }
            if let status = try StoreNamespace.enter() { Glibc.exit(status) }
            var command = try parseAsRoot(Mount.separated(Array(CommandLine.arguments.dropFirst())))
            try command.run()
        } catch let failure as Failure {
            say(failure.message)
            Glibc.exit(failure.status)
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            let text = fullMessage(for: error)
            let status = exitCode(for: error)
            if status == .success {
                print(text)
                Glibc.exit(0)
            }
            say(text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text)
            Glibc.exit(2)
        }
    }
}

/// A failure with its exit status and the one line that says why.
struct Failure: Error {
    let status: Int32
    let message: String

    static func used(_ message: String) -> Failure { Failure(status: 2, message: message) }
    static func failed(_ message: String) -> Failure { Failure(status: 125, message: message) }
}

/// One line on standard error.
func say(_ line: String) {
    let text = Array("shale: \(line)\n".utf8)
    _ = text.withUnsafeBytes { cl_write(2, $0.baseAddress, $0.count) }
}
