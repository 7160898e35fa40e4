import ArgumentParser
import Glibc
import Linux
import Union
import UnionFuse

/// `shale umount`: ends mounts, flushed.
struct Unmount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "umount", abstract: "End mounts; what was written is flushed first.",
        discussion: """
            Each mount point is unmounted in turn. A mount that is in use stays, unless --lazy takes its name away at \
            once; its server then ends with its last user. Exit status 1 when one of them could not be unmounted.
            """)

    @Flag(name: .shortAndLong, help: "Take the mount away at once, whoever still uses it.")
    var lazy = false

    @Argument(help: "Mount points.")
    var mountPoints: [String]

    func run() throws {
        var failed = false
        for place in mountPoints {
            let bytes = Arguments.bytes(place)
            do throws(Errno) {
                try Mounting.unmount(bytes, lazily: lazy)
            } catch {
                failed = true
                say("\(printable(bytes)): \(reason(error))")
            }
        }
        if failed { throw ExitCode(125) }
    }

    private func reason(_ error: Errno) -> String {
        switch error {
        case .invalid: return "not mounted"
        case .busy: return "not mounted by you, or in use; fuser -m shows by whom, --lazy unmounts all the same"
        default: return error.description
        }
    }
}
