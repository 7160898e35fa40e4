import CLinux
import Containers
import Glibc
import Linux
import Union

/// One thing that was looked at.
struct Finding {
    enum State: String {
        case ok, warn, missing
    }

    let state: State
    let subject: String
    let text: String
    var remedy: String?

    static let rungs = [
        "real owners; mounts and builds of every kind",
        "a user namespace with one id: mounts work, owners and devices are recorded",
        "no user namespace: mounts work through fusermount3, builds only without RUN",
        "no mounts; builds without RUN only",
    ]
}

/// Looks at everything that decides the rung, by trying it.
struct Examination {
    private(set) var findings: [Finding] = []
    private(set) var rung = 4

    init() {
        let root = geteuid() == 0
        let device = examineDevice()
        let helper = root || examineHelper()
        let ids = NamespaceProbe.tried()
        let namespace = root && cl_has_capability(21) == 1 || examineNamespace(ids)
        let subordinate = root ? examineContainerIDs(ids) : examineSubordinateIDs(ids)
        examineFiles()
        examineRuntime()
        if root { examinePassthrough() }
        if device, namespace, subordinate {
            rung = 1
        } else if device, namespace {
            rung = 2
        } else if device, helper {
            rung = 3
        }
    }

    private mutating func add(_ state: Finding.State, _ subject: String, _ text: String, _ remedy: String? = nil) {
        findings.append(Finding(state: state, subject: subject, text: text, remedy: remedy))
    }

    private mutating func examineDevice() -> Bool {
        do throws(Errno) {
            let device = try FD.workingDirectory.open("/dev/fuse", .readWrite)
            add(device.raw >= 0 ? .ok : .missing, "/dev/fuse", "can be opened")
            return true
        } catch {
            add(.missing, "/dev/fuse", "\(error)", RunObstacle.deviceRemedy(error))
            return false
        }
    }

    private mutating func examineHelper() -> Bool {
        for directory in (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin").split(separator: ":") {
            let path = "\(directory)/fusermount3"
            guard let status = try? FD.workingDirectory.status(path) else { continue }
            if status.mode & 0o4000 != 0, status.uid == 0 {
                add(.ok, "fusermount3", "set-user-ID at \(path)")
                return true
            }
            add(
                .warn, "fusermount3", "\(path) is not set-user-ID root",
                "chmod u+s \(path), or mount in a user namespace")
            return false
        }
        add(.warn, "fusermount3", "not found", "install the package fuse3, or mount in a user namespace")
        return false
    }

    private mutating func examineNamespace(_ ids: NamespaceProbe.Outcome) -> Bool {
        guard ids == .none else {
            add(.ok, "user namespaces", "can be made")
            return true
        }
        add(.missing, "user namespaces", "cannot be made", RunObstacle.namespaceRemedy())
        return false
    }

    /// Root has all ids, unless he is one of a container with fewer or without the right to give them.
    private mutating func examineContainerIDs(_ ids: NamespaceProbe.Outcome) -> Bool {
        if ids == .one {
            add(
                .warn, "ids", "this root has no other id than its own",
                "CAP_SETUID, CAP_SETGID and CAP_SETFCAP, and more ids")
        }
        return ids == .many
    }

    private mutating func examineSubordinateIDs(_ ids: NamespaceProbe.Outcome) -> Bool {
        let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? ""
        var good = true
        for (file, tool) in [("/etc/subuid", "newuidmap"), ("/etc/subgid", "newgidmap")] {
            let lines = Self.read(file).split(separator: "\n")
            if !lines.contains(where: { $0.hasPrefix("\(name):") || $0.hasPrefix("\(geteuid()):") }) {
                add(
                    .warn, file, "no range for \(name)",
                    "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(name)")
                good = false
            }
            if access("/usr/bin/\(tool)", X_OK) != 0 {
                add(.warn, tool, "not found", "install the package uidmap")
                good = false
            }
        }
        if good, ids == .one {
            let isStrict = Self.read("/proc/self/status").split(separator: "\n").contains("NoNewPrivs:\t1")
            add(
                .warn, "subordinate ids", "newuidmap and newgidmap do not give them",
                isStrict
                    ? "allow privileges to be gained (no_new_privs is set; Kubernetes: allowPrivilegeEscalation: true)"
                    : "both set-user-ID root or with CAP_SETUID and CAP_SETGID, and ranges that they accept")
            return false
        }
        if good { add(.ok, "subordinate ids", "there, with newuidmap and newgidmap") }
        return good && ids == .many
    }

    private mutating func examineFiles() {
        var template = Array("/var/tmp/shale-doctor.XXXXXX".utf8.map { CChar(bitPattern: $0) }) + [0]
        guard mkdtemp(&template) != nil,
            let directory = try? FD.workingDirectory.open(template, [.readOnly, .directory])
        else {
            add(.warn, "/var/tmp", "cannot be written")
            return
        }
        defer { try? FD.workingDirectory.removeTree(template) }
        let whiteout: ()? = try? directory.fd.makeNode("w", mode: 0o020000, device: 0)
        if whiteout != nil {
            add(.ok, "whiteouts", "0/0 devices can be made")
        } else {
            add(
                .warn, "whiteouts", "0/0 devices cannot be made; .wh. files stand for them",
                "Linux 5.8, and a filesystem that holds devices")
        }
        let unnamed = cl_openat(directory.raw, ".", OpenFlags([.temporary, .readWrite]).rawValue, 0o600)
        add(
            unnamed >= 0 ? .ok : .warn, "O_TMPFILE",
            unnamed >= 0 ? "works" : "missing: copies are made under a temporary name")
        if unnamed >= 0 { _ = cl_close(unnamed) }
        let attribute: ()? = try? directory.fd.setAttribute(".", "user.overlay.try", [0x79])
        if attribute != nil {
            add(.ok, "attributes", "user.* can be set")
        } else {
            add(
                .warn, "attributes", "user.* cannot be set: directories cannot be marked opaque",
                "an upperdir on another filesystem")
        }
    }

    /// What isolates containers, tried with nothing but the machine's own root in it.
    private mutating func examineRuntime() {
        let runtime: Runtime
        do throws(ContainerError) { runtime = try Runtime.find() } catch {
            return add(
                .warn, "runtime", "neither runc, crun nor bwrap: shale run and RUN do not work",
                "install the package runc, or bubblewrap")
        }
        let path = printable(runtime.path)
        switch Programs.run([Array("/proc/self/exe".utf8), Array(RuntimeProbe.argument.utf8)]) {
        case 0: add(.ok, "runtime", "\(runtime.kind.rawValue) at \(path) runs containers")
        default:
            add(
                .warn, "runtime", "\(runtime.kind.rawValue) at \(path) does not run containers here",
                "shale run says why; another runtime can be tried with --runtime")
        }
    }

    private mutating func examinePassthrough() {
        let version = Self.read("/proc/sys/kernel/osrelease").split(separator: ".").prefix(2).compactMap { Int($0) }
        if version.count == 2, (version[0], version[1]) >= (6, 9) {
            add(.ok, "passthrough", "the kernel reads and writes files of the upper itself")
        } else {
            add(.warn, "passthrough", "every read and write passes through the server", "Linux 6.9")
        }
    }

    private static func read(_ path: String) -> String {
        guard let file = try? FD.workingDirectory.open(path, .readOnly) else { return "" }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = bytes.withUnsafeMutableBytes { cl_read(file.raw, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(0, Int(count))), as: UTF8.self)
    }
}
