import CLinux
import Containers
import Glibc
import Linux

/// A container of the machine's own root, in which nothing happens: whether the runtime works for this user.
enum RuntimeProbe {
    /// The argument with which this program tries, and ends.
    static let argument = "__runtime-probe"

    static func run() -> Int32 {
        guard let bundle = makeDirectory(), let root = makeDirectory() else { return 1 }
        defer {
            try? FD.workingDirectory.removeTree(bundle.cPath)
            // The machine's root may still be mounted there: never more than this one directory.
            try? FD.workingDirectory.removeDirectory(root.cPath)
        }
        guard cl_mount("/", root.cPath, nil, UInt(CL_MS_BIND) | UInt(CL_MS_REC), nil) >= 0 else { return 1 }
        defer { _ = cl_umount2(root.cPath, Int32(CL_MNT_DETACH)) }
        var spec = SandboxSpec(root: root, arguments: ["/bin/true"], hostname: "probe")
        spec.isReadOnly = true
        spec.network = .none
        guard let null = try? FD.workingDirectory.open("/dev/null", .readWrite), let runtime = try? Runtime.find(),
            let process = try? runtime.start(
                spec, id: "shale-doctor-\(getpid())", in: bundle,
                descriptors: [(0, null.fd), (1, null.fd), (2, null.fd)])
        else { return 1 }
        return process.wait().status
    }

    private static func makeDirectory() -> [UInt8]? {
        var template = Array("/tmp/shale-doctor.XXXXXX".utf8.map { CChar(bitPattern: $0) }) + [0]
        guard mkdtemp(&template) != nil else { return nil }
        return template.dropLast().map { UInt8(bitPattern: $0) }
    }
}
