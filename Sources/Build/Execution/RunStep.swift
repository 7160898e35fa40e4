internal import CLinux
internal import Configuring
internal import Containers
internal import Dockerfile
import Glibc
internal import Linux
internal import OCI

/// `RUN`.
extension StageBuild {
    mutating func run(_ running: Running, _ expansion: Expansion, _ instruction: Instruction) throws(BuildError) {
        for device in running.devices {
            let message =
                "--device \(displayed(device.name)): no devices of the Container Device Interface are offered here"
            guard !device.isRequired else { throw BuildError(message) }
            session.observer(.warning("\(instruction.location.file):\(instruction.location.firstLine): \(message)"))
        }
        guard running.security == .sandbox || session.options.allowsInsecure else {
            throw BuildError("--security=insecure: the build was not started with --allow security.insecure")
        }
        let shell = state.editor.shell
        let command: [[UInt8]]
        switch running.invocation {
        case .program(let words): command = words
        case .shell(let text): command = shell.map { Array($0.utf8) } + [text]
        case .script(let name, _): command = [Array("/dev/pipes/\(displayed(name))".utf8)]
        }
        let mounts = try expansion.mounts.map { (mount) throws(BuildError) in try prepared(mount, instruction) }
        for mount in expansion.mounts where mount.kind == .cache { session.name(mount: try cacheID(mount, state)) }
        let proxies = graph.global.proxies
        let conditions = CacheKey.RunConditions(
            platform: node.platform, shell: shell.map { Array($0.utf8) }, user: Array(state.user.utf8),
            workingDirectory: Array(state.workingDirectory.utf8),
            variables: state.scope.variables.filter { proxies[$0.key] == nil }, settings: settings)
        let key = try CacheKey.run(running, on: state.key, mounts: mounts.map { ($0.mount, $0.content) }, conditions)
        let arguments = History.arguments(state.scope)
        let history = History.run(arguments, command)
        let this = self
        try step(instruction, key: key, history: history) { (state, step) throws(BuildError) in
            try this.execute(running, command, mounts, state, step, instruction)
        }
    }

    /// Far more than compilers want, and far less than a machine has.
    private static let processLimit: Int64 = 4096

    private var settings: [String: [UInt8]] {
        var settings: [String: [UInt8]] = [:]
        let hosts = session.options.extraHosts.sorted().joined(separator: "\n")
        if !hosts.isEmpty { settings["extra hosts"] = Array(hosts.utf8) }
        if let latest { settings["latest time"] = Array("\(latest.seconds)".utf8) }
        return settings
    }

    private func execute(
        _ running: Running, _ command: [[UInt8]], _ mounts: [PreparedMount], _ state: StageState, _ step: Int,
        _ instruction: Instruction
    ) throws(BuildError) -> Store.CachedLayer {
        let bundle = try session.makeDirectory("run")
        // A secret is a file there, or in the configuration that the runtime reads.
        let memory = mounts.contains { $0.mount.kind == .secret } ? try MemoryDirectory(bundle) : nil
        defer { withExtendedLifetime(memory) {} }
        let locks = CacheLocks()
        defer { withExtendedLifetime(locks) {} }
        let agents = try AgentMounts(
            mounts.map(\.mount), agents: session.options.agents, workingDirectory: state.workingDirectory, in: bundle)
        defer { withExtendedLifetime(agents) {} }
        var sandboxMounts = try self.sandboxMounts(mounts, state, bundle, locks) + agents.mounts
        if case .script(let name, let content) = running.invocation {
            sandboxMounts.append(try script(name, content, bundle))
        }
        let points = try session.makeDirectory("mountpoints")
        let lowers = state.lowers(in: session.store)
        try BuildError.wrapping { () throws(ContainerError) in
            let layer = try ContainerError.naming("make mount points") { () throws(Errno) in
                try FD.workingDirectory.open(points.cPath, [.readOnly, .directory])
            }
            try MountPoints(lowers: lowers.isEmpty ? [points] : lowers, layer: layer.fd).makeAll(sandboxMounts)
        }
        let root = try StepRoot(session, lowers: lowers, points: points)
        do throws(BuildError) {
            var spec = try specification(running, command, state, root: root.merged, bundle: bundle)
            spec.mounts += sandboxMounts
            spec.environment += mounts.flatMap(\.environment)
            if !spec.environment.contains(where: { $0.hasPrefix("SSH_AUTH_SOCK=") }) {
                spec.environment += agents.environment
            }
            try start(spec, bundle, step, instruction)
        } catch {
            root.discard()
            throw error
        }
        return try root.commit()
    }

    private func specification(
        _ running: Running, _ command: [[UInt8]], _ state: StageState, root: [UInt8], bundle: [UInt8]
    ) throws(BuildError) -> SandboxSpec {
        let opened = try naming("open", root) { () throws(Errno) in
            try FD.workingDirectory.open(root.cPath, [.readOnly, .directory])
        }
        let network: SandboxSpec.Network
        switch running.network {
        case .default: network = session.options.network
        case .host: network = .host
        case .none: network = .none
        }
        let hostname = session.options.request.hostname.map { String(decoding: $0, as: UTF8.self) } ?? "buildkitsandbox"
        return try BuildError.wrapping { () throws(ContainerError) in
            var spec = SandboxSpec(
                root: root, arguments: command.map { String(decoding: $0, as: UTF8.self) }, hostname: hostname)
            spec.user = try ImageUser(state.user, in: opened.fd).available
            spec.workingDirectory = state.workingDirectory
            spec.network = network
            spec.isUnconfined = running.security == .insecure
            if !spec.isUnconfined { spec.processLimit = Self.processLimit }
            var variables = graph.global.proxies
            for (name, value) in state.scope.variables { variables[name] = value }
            spec.environment = variables.map { name, value in
                String(decoding: name + [UInt8(ascii: "=")] + value, as: UTF8.self)
            }.sorted()
            if !spec.environment.contains(where: { $0.hasPrefix("PATH=") }) {
                spec.environment.append(ProgramSearch.path)
            }
            if !spec.environment.contains(where: { $0.hasPrefix("HOME=") }) {
                spec.environment.append("HOME=\(spec.user.home)")
            }
            let files = NetworkFiles(hostname: hostname, network: network, extraHosts: session.options.extraHosts)
            spec.mounts = try files.write(to: bundle) + SingleID.mounts(root: opened.fd, in: bundle)
            if running.command.isShellForm, case .script = running.invocation {
            } else {
                try ProgramSearch.check(spec, in: opened.fd)
            }
            return spec
        }
    }

    /// A here-document that is a program of its own.
    private func script(
        _ name: [UInt8], _ content: [UInt8], _ bundle: [UInt8]
    ) throws(BuildError) -> SandboxSpec.Mount {
        let path = bundle + Array("/script".utf8)
        try naming("write the script", name) { () throws(Errno) in
            let file = try FD.workingDirectory.open(path.cPath, [.writeOnly, .create, .exclusive], mode: 0o755)
            try file.fd.writeAll(content)
            try FD.workingDirectory.setMode(path.cPath, 0o755)
        }
        return SandboxSpec.Mount(.bind(path), at: Array("/dev/pipes/\(displayed(name))".utf8), isReadOnly: true)
    }

    private func start(
        _ spec: SandboxSpec, _ bundle: [UInt8], _ step: Int, _ instruction: Instruction
    ) throws(BuildError) {
        let id = "shale-build-\(getpid())-\(step)"
        let runtime = try BuildError.wrapping { () throws(ContainerError) in try Runtime.find() }
        let container = BuildContainer(id, runtime, in: bundle)
        let ending = try session.running(container) { () throws(BuildError) in
            var ends: [Int32] = [-1, -1]
            try naming("run", instruction.source) { () throws(Errno) in try check(cl_socketpair(&ends)) }
            let ours = Descriptor(owning: ends[0])
            let theirs = Descriptor(owning: ends[1])
            let null = try naming("open", Array("/dev/null".utf8)) { () throws(Errno) in
                try FD.workingDirectory.open("/dev/null", .readOnly)
            }
            let process = try BuildError.wrapping { () throws(ContainerError) in
                try runtime.start(
                    spec, id: id, in: bundle, descriptors: [(0, null.fd), (1, theirs.fd), (2, theirs.fd)])
            }
            _ = consume theirs
            container.started(process.id)
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = buffer.withUnsafeMutableBytes { cl_read(ours.raw, $0.baseAddress, $0.count) }
                if count == -4 { continue }
                if count <= 0 { break }
                session.observer(.output(step: step, Array(buffer.prefix(Int(count)))))
            }
            defer { container.isReaped() }
            return process.wait()
        }
        if session.isCancelled { throw BuildError("build: cancelled") }
        guard ending == .exited(0) else {
            throw BuildError("run \(displayed(instruction.source)): exit status \(ending.status)")
        }
    }
}
