internal import CLinux
import Glibc
internal import Linux
public import OCI

/// One run of a new container, from its record to the end of its process.
public struct ContainerRun: Sendable {
    public let containers: ContainerStore
    public let runtime: Runtime
    /// The program `shalefs`.
    public let mountHelper: [UInt8]

    public init(_ containers: ContainerStore, runtime: Runtime, mountHelper: [UInt8]) {
        self.containers = containers
        self.runtime = runtime
        self.mountHelper = mountHelper
    }

    /// What is wanted of the container besides what its image says.
    public struct Request: Sendable {
        public var image: Store.Image
        /// As it was asked for.
        public var imageName: String
        public var name: String?
        public var hostname: String?
        /// The image's, with what the command line changed.
        public var execution: Execution
        public var isInteractive = false
        public var hasTerminal = false
        public var isReadOnly = false
        public var isUnconfined = false
        public var network = SandboxSpec.Network.host
        public var extraHosts: [String] = []
        public var mounts: [SandboxSpec.Mount] = []
        public var capabilities = Capabilities.standard

        public init(image: Store.Image, imageName: String) {
            self.image = image
            self.imageName = imageName
            execution = image.config.execution
        }
    }

    /// Makes a container, its layers unpacked and held, runs it, and waits; it stays.
    ///
    /// - Parameter made: told the container's id before anything runs.
    /// - Returns: its record, with its exit code.
    /// - Throws: ``ContainerError`` where it could not be started, and there is no container; `missing` and
    ///   `notExecutable` for its program.
    public func run(
        _ request: Request, relay: SignalRelay, made: (String) throws(ContainerError) -> Void = { _ in }
    ) throws(ContainerError) -> ContainerRecord {
        guard UserNamespace.isRoot else {
            throw ContainerError(
                .failed,
                "run \(request.imageName): this machine allows no namespaces; shale doctor says what is missing")
        }
        let record = try create(request)
        do throws(ContainerError) {
            // Held from before anybody finds it until it has ended.
            let lock = try containers.lock(record.id)
            try prepare(record, request)
            try made(record.id)
            let ended = try run(record, request, relay)
            _ = consume lock
            return ended
        } catch {
            try? containers.store.removeContainer(record.id)
            throw error
        }
    }

    private func create(_ request: Request) throws(ContainerError) -> ContainerRecord {
        let name = try freeName(request.name)
        let id = Self.newID()
        let store = containers.store
        return try ContainerError.wrapping { () throws(StoreError) in
            let lease = try store.lease()
            let layers = request.image.config.diffIDs
            try lease.hold(layers + [request.image.descriptor.digest, request.image.manifest.config.digest])
            _ = try store.unpacked(request.image, lease)
            try store.recordContainer(id, of: request.image.descriptor.digest)
            var record = ContainerRecord(
                id: id, name: name, image: request.image.descriptor.digest,
                imageID: request.image.manifest.config.digest, imageName: request.imageName, layers: layers,
                created: .now, execution: request.execution, hostname: request.hostname ?? String(id.prefix(12)))
            record.arguments = (request.execution.entrypoint ?? []) + (request.execution.command ?? [])
            record.network = request.network.rawValue
            record.hasTerminal = request.hasTerminal
            record.isReadOnly = request.isReadOnly
            record.volumes = request.mounts.compactMap(\.volume)
            return record
        }
    }

    private func prepare(_ record: ContainerRecord, _ request: Request) throws(ContainerError) {
        let directory = containers.directory(record.id)
        for path in [directory.upper, directory.work, directory.merged, directory.mountPoints, directory.bundle] {
            try ContainerError.naming("make container \(record.name)") { () throws(Errno) in
                try FD.workingDirectory.makeDirectory(path.cPath, mode: 0o755)
            }
        }
        let layer = try ContainerError.naming("make container \(record.name)") { () throws(Errno) in
            try FD.workingDirectory.open(directory.mountPoints.cPath, [.readOnly, .directory])
        }
        let lowers = containers.lowers(of: record).dropFirst()
        if let top = lowers.first {
            try ContainerError.naming("make container \(record.name)") { () throws(Errno) in
                try UpperRoot.copy(from: top, to: directory.upper)
            }
        }
        let points = try MountPoints(lowers: lowers.isEmpty ? [directory.mountPoints] : Array(lowers), layer: layer.fd)
        try points.makeAll(request.mounts)
        try ContainerError.naming("write container \(record.id)") { () throws(Errno) in
            let path = directory.part("runner").cPath
            let file = try FD.workingDirectory.open(path, [.writeOnly, .create, .exclusive], mode: 0o600)
            try file.fd.writeAll(Array("\(getpid())".utf8))
        }
        try containers.write(record)
    }

    private func run(
        _ record: ContainerRecord, _ request: Request, _ relay: SignalRelay
    ) throws(ContainerError) -> ContainerRecord {
        var record = record
        let directory = containers.directory(record.id)
        let stack = try MountedStack.mount(
            lowers: containers.lowers(of: record), changes: .init(upper: directory.upper, work: directory.work),
            at: directory.merged, helper: mountHelper)
        let code: Int32
        do throws(ContainerError) {
            let spec = try spec(of: record, request)
            record.started = .now
            record.arguments = spec.arguments
            try containers.write(record)
            code = try start(spec, record, request, relay)
        } catch {
            try? stack.end()
            throw error
        }
        record.finished = .now
        record.exitCode = code
        try containers.write(record)
        try stack.end()
        return record
    }

    private func start(
        _ spec: SandboxSpec, _ record: ContainerRecord, _ request: Request, _ relay: SignalRelay
    ) throws(ContainerError) -> Int32 {
        let bundle = containers.directory(record.id).bundle
        let id = ContainerStore.runtimeID(record)
        // Whatever ends this process ends the container.
        let watch = try ContainerWatch()
        watch.add(id, in: bundle)
        defer { watch.remove(id) }
        let process: ChildProcess
        if request.isInteractive || request.hasTerminal {
            process = try runtime.start(spec, id: id, in: bundle)
        } else {
            let null = try ContainerError.naming("open /dev/null") { () throws(Errno) in
                try FD.workingDirectory.open("/dev/null", .readOnly)
            }
            process = try runtime.start(spec, id: id, in: bundle, descriptors: [(0, null.fd)])
        }
        let ending = relay.wait(for: process)
        if case .signaled = ending { runtime.clean(id: id, in: bundle) }
        return ending.status
    }

    private func spec(of record: ContainerRecord, _ request: Request) throws(ContainerError) -> SandboxSpec {
        let directory = containers.directory(record.id)
        let execution = record.execution
        let root = try ContainerError.naming("open the container's root") { () throws(Errno) in
            try FD.workingDirectory.open(directory.merged.cPath, [.readOnly, .directory])
        }
        var spec = SandboxSpec(root: directory.merged, arguments: record.arguments, hostname: record.hostname)
        spec.user = try ImageUser(execution.user ?? "", in: root.fd).available
        spec.workingDirectory = execution.workingDirectory.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        spec.isReadOnly = record.isReadOnly
        spec.hasTerminal = record.hasTerminal
        spec.network = request.network
        spec.capabilities = request.capabilities
        spec.isUnconfined = request.isUnconfined
        spec.environment = Self.environment(
            execution.environment, spec.user, hostname: record.hostname, hasTerminal: record.hasTerminal)
        let files = NetworkFiles(hostname: record.hostname, network: request.network, extraHosts: request.extraHosts)
        spec.mounts = try files.write(to: directory.bundle) + request.mounts
        try ProgramSearch.check(spec, in: root.fd)
        return spec
    }

    /// What every process has, unless the image or the command line says otherwise.
    private static func environment(
        _ given: [String], _ user: ImageUser, hostname: String, hasTerminal: Bool
    ) -> [String] {
        var result = given
        func add(_ variable: String) {
            let name = variable.prefix { $0 != "=" } + "="
            if !result.contains(where: { $0.hasPrefix(name) }) { result.append(variable) }
        }
        add(ProgramSearch.path)
        add("HOSTNAME=\(hostname)")
        add("HOME=\(user.home)")
        if hasTerminal { add("TERM=xterm") }
        return result
    }

    private func freeName(_ wanted: String?) throws(ContainerError) -> String {
        let taken = Set(try containers.all().map(\.name))
        if let wanted {
            guard ContainerName.isValid(wanted) else {
                throw ContainerError(
                    .failed, "name container \(printable(wanted)): letters, digits, _ . and - are allowed")
            }
            guard !taken.contains(wanted) else {
                throw ContainerError(.failed, "name container \(wanted): there is one of that name")
            }
            return wanted
        }
        while true {
            let name = ContainerName.random()
            if !taken.contains(name) { return name }
        }
    }

    private static func newID() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension SandboxSpec.Mount {
    /// As `-v` would have it; nil for what is no part of the machine.
    var volume: String? {
        guard case .bind(let source) = kind else { return nil }
        let places = [source, destination].map { String(decoding: $0, as: UTF8.self) }
        return places.joined(separator: ":") + (isReadOnly ? ":ro" : "")
    }
}
