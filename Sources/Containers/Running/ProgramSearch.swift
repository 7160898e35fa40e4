internal import CLinux
public import Linux
internal import OCI

/// Finds the program that a container is to run, as execvp(3) will inside: what is wrong with it is known before anything starts.
public enum ProgramSearch {
    public static let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// - Throws: ``ContainerError``: `missing` where there is none, `notExecutable` where it cannot be run.
    public static func check(_ spec: SandboxSpec, in root: FD) throws(ContainerError) {
        guard let program = spec.arguments.first, !program.isEmpty else {
            throw ContainerError(.missing, "run: the image says no command, and none is given")
        }
        let shown = printable(program)
        var candidates = [program]
        if !program.utf8.contains(UInt8(ascii: "/")) {
            let variable = spec.environment.last { $0.hasPrefix("PATH=") } ?? path
            candidates = variable.dropFirst(5).split(separator: ":").map { "\($0)/\(program)" }
        }
        var found = false
        for candidate in candidates {
            let absolute = candidate.hasPrefix("/") ? candidate : "\(spec.workingDirectory)/\(candidate)"
            guard let object = try? root.open(Array(absolute.utf8).cPath, .path, resolve: .inRoot),
                let status = try? object.fd.status()
            else { continue }
            if status.isRegular, status.mode & 0o111 != 0 { return }
            found = true
        }
        if found { throw ContainerError(.notExecutable, "run \(shown): it is there, but no program") }
        throw ContainerError(.missing, "run \(shown): the image has no such program")
    }
}
