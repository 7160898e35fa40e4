public import ArgumentParser
import Configuring
public import Containers
import Linux
import OCI

/// What a container is besides its image, in the words of `docker run`.
struct ContainerOptions: ParsableArguments {
    @Option(help: "A name for the container; one is made up otherwise.")
    var name: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A directory or file of the machine in the container.", valueName: "source:destination[:ro]")
    )
    var volume: [String] = []

    @Option(
        help: ArgumentHelp(
            "type=bind,source=S,destination=D[,readonly], or type=tmpfs,destination=D[,tmpfs-size=N].",
            valueName: "mount"))
    var mount: [String] = []

    @Option(help: ArgumentHelp("An empty file system in memory.", valueName: "destination[:size=N]"))
    var tmpfs: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A variable; without a value this process's own.", valueName: "name[=value]"))
    var env: [String] = []

    @Option(help: ArgumentHelp("Variables, a line each.", valueName: "file"))
    var envFile: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("User[:group], names or numbers.", valueName: "user"))
    var user: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The directory to start in.", valueName: "dir"))
    var workdir: String?

    @Option(help: "What to run the command by, in place of the image's; empty for nothing.")
    var entrypoint: String?

    @Option(help: "host or none.")
    var network = SandboxSpec.Network.host

    @Option(help: "The container's host name; the beginning of its id otherwise.")
    var hostname: String?

    @Option(help: ArgumentHelp("One more line of /etc/hosts.", valueName: "host:address"))
    var addHost: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("A label.", valueName: "name=value"))
    var label: [String] = []

    @Option(help: "One more capability, or ALL.")
    var capAdd: [String] = []

    @Option(help: "One capability less, or ALL.")
    var capDrop: [String] = []

    @Flag(help: "All capabilities and system calls, nothing masked.")
    var privileged = false

    @Flag(help: "Nothing of the image can be changed.")
    var readOnly = false

    func apply(to request: inout ContainerRun.Request, command: [String]) throws(ContainerError) {
        request.name = name
        request.hostname = hostname
        request.network = network
        request.extraHosts = addHost
        request.isReadOnly = readOnly
        request.isUnconfined = privileged
        request.capabilities = try Capabilities.changed(adding: capAdd, dropping: capDrop)
        for text in volume { request.mounts.append(try VolumeArgument.bind(text)) }
        for text in mount { request.mounts.append(try VolumeArgument.mount(text)) }
        for text in tmpfs { request.mounts.append(try VolumeArgument.tmpfs(text)) }
        for file in envFile {
            for line in try lines(of: file) { try setVariable(line, &request.execution) }
        }
        for variable in env { try setVariable(variable, &request.execution) }
        for text in label {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            request.execution.labels[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
        if let user { request.execution.user = user }
        if let workdir {
            guard workdir.hasPrefix("/") else {
                throw ContainerError(.failed, "--workdir \(workdir): an absolute path is wanted")
            }
            request.execution.workingDirectory = workdir
        }
        if let entrypoint {
            request.execution.entrypoint = entrypoint.isEmpty ? nil : [entrypoint]
            request.execution.command = nil
        }
        if !command.isEmpty { request.execution.command = command }
    }

    private func setVariable(_ text: String, _ execution: inout Execution) throws(ContainerError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty else {
            throw ContainerError(.failed, "variable \(printable(text)): it has no name")
        }
        if parts.count == 2 {
            execution.setEnvironment(name, parts[1])
        } else if let value = Environment.process.text(name) {
            execution.setEnvironment(name, value)
        }
    }

    private func lines(of file: String) throws(ContainerError) -> [String] {
        let bytes = try ContainerError.naming("read \(file)") { () throws(Errno) in
            try FD.workingDirectory.contents(of: Arguments.bytes(file).cPath, atMost: 16 << 20)
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
    }
}

extension SandboxSpec.Network: ExpressibleByArgument {}
