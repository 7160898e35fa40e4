import Containers
import Glibc
import Linux

/// Commands that bring layers, run on them or remove them work where their owners can be had: root's own namespace, or an
/// ordinary user's, which this process enters before it has a second thread.
enum StoreNamespace {
    private static let commands: Set<String> = [
        "analyze", "audit", "build", "commit", "diff", "export", "import", "load", "prune", "pull", "rm", "rmi", "run",
        "sbom",
        "__unpack", NamespaceProbe.argument, RuntimeProbe.argument,
    ]

    /// The exit status of a process that had to do nothing else.
    static func enter() throws -> Int32? {
        let arguments = (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { pointer in
                UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            }
        }
        if let status = IDMapper.run(arguments) ?? ContainerWatch.run(arguments) { return status }
        guard arguments.count > 1, commands.contains(String(decoding: arguments[1], as: UTF8.self)) else { return nil }
        if isWorthEntering {
            do throws(ContainerError) { try UserNamespace.enter() } catch { throw Failure.failed(error.description) }
        }
        if arguments[1].elementsEqual(NamespaceProbe.argument.utf8) { return NamespaceProbe.run() }
        return arguments[1].elementsEqual(RuntimeProbe.argument.utf8) ? RuntimeProbe.run() : nil
    }

    /// AppArmor may let an ordinary user make a namespace in which nothing is allowed, and there is no way back out of it.
    private static var isWorthEntering: Bool {
        let restriction = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
        guard geteuid() != 0, let text = try? FD.workingDirectory.contents(of: restriction, atMost: 16),
            text.first == UInt8(ascii: "1")
        else { return true }
        return Programs.run([Array("/proc/self/exe".utf8), Array(Namespace.probe.utf8)]) == 0
    }
}
