internal import CLinux
import Glibc
public import Linux
internal import OCI

/// Why no command can be run in a container here, found out by trying, and what would have to change.
public struct RunObstacle: Equatable, Sendable, CustomStringConvertible {
    public let what: String
    public let remedy: String

    public var description: String { remedy.isEmpty ? what : "\(what); \(remedy)" }

    /// No user namespace can be made.
    public static func namespaceRemedy() -> String {
        if geteuid() == 0, cl_has_capability(UserNamespace.setFileCapabilities) != 1 {
            return "be an ordinary user, or a root with CAP_SETUID, CAP_SETGID and CAP_SETFCAP"
        }
        return "raise user.max_user_namespaces, and lift what restricts them "
            + "(kernel.unprivileged_userns_clone, AppArmor, seccomp)"
    }

    /// What lets `/dev/fuse` be opened.
    public static func deviceRemedy(_ error: Errno) -> String {
        error == .access ? "chmod 0666 /dev/fuse, its usual mode" : "modprobe fuse, or pass the device to the container"
    }

    /// The first of them; nil where commands can be run. Namespaces must have been entered.
    public static func find() -> RunObstacle? {
        if !UserNamespace.isRoot {
            return RunObstacle(what: "no user namespace can be made", remedy: namespaceRemedy())
        }
        do throws(Errno) { _ = try FD.workingDirectory.open("/dev/fuse", .readWrite) } catch {
            return RunObstacle(what: "/dev/fuse: \(error)", remedy: deviceRemedy(error))
        }
        if let hidden = ProcessFiles.hidden() {
            return RunObstacle(
                what: "\(printable(hidden)) is covered, and whoever sees no whole /proc can mount none",
                remedy:
                    "leave it as it is (Kubernetes: procMount: Unmasked; docker: --security-opt systempaths=unconfined)"
            )
        }
        do throws(ContainerError) { _ = try Runtime.find() } catch { return RunObstacle(what: "\(error)", remedy: "") }
        return nil
    }
}
