internal import CLinux
import Glibc
public import Linux

/// Why no command can be run in a container here, found out by trying, and what would have to change.
public struct RunObstacle: Equatable, Sendable, CustomStringConvertible {
    public let what: String
    public let remedy: String

    public var description: String { "\(what); \(remedy)" }

    /// No user namespace can be made.
    public static let namespaceRemedy =
        "raise user.max_user_namespaces, and lift what restricts them (kernel.unprivileged_userns_clone, AppArmor, seccomp)"

    /// What lets `/dev/fuse` be opened.
    public static func deviceRemedy(_ error: Errno) -> String {
        error == .access ? "chmod 0666 /dev/fuse, its usual mode" : "modprobe fuse, or pass the device to the container"
    }

    /// The first of them; nil where commands can be run. Namespaces must have been entered.
    public static func find() -> RunObstacle? {
        if !UserNamespace.isRoot {
            return geteuid() == 0
                ? RunObstacle(
                    what: "this root may not mount anything (no CAP_SYS_ADMIN)",
                    remedy: "give it the capability, or be an ordinary user where user namespaces are allowed")
                : RunObstacle(what: "no user namespace can be made", remedy: namespaceRemedy)
        }
        do throws(Errno) { _ = try FD.workingDirectory.open("/dev/fuse", .readWrite) } catch {
            return RunObstacle(what: "/dev/fuse: \(error)", remedy: deviceRemedy(error))
        }
        do throws(ContainerError) { _ = try Runtime.find() } catch {
            return RunObstacle(
                what: "neither runc, crun nor bwrap is here", remedy: "install the package runc, or bubblewrap")
        }
        return nil
    }
}
