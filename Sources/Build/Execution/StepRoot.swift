internal import CLinux
internal import Containers
internal import Linux
internal import OCI

/// A fresh upper over a stage's layers, which becomes a layer.
struct StepUpper {
    let session: BuildSession
    let directory: [UInt8]
    /// From top to bottom; never empty.
    let lowers: [[UInt8]]

    init(_ session: BuildSession, lowers: [[UInt8]]) throws(BuildError) {
        let directory = try session.makeDirectory("step")
        for name in ["upper", "work", "merged", "empty"] {
            let path = directory + Array("/\(name)".utf8)
            try naming("make", path) { () throws(Errno) in
                try FD.workingDirectory.makeDirectory(path.cPath, mode: 0o755)
            }
        }
        let below = lowers.isEmpty ? [directory + Array("/empty".utf8)] : lowers
        try naming("open layer", below[0]) { () throws(Errno) in
            try UpperRoot.copy(from: below[0], to: directory + Array("/upper".utf8))
        }
        self.session = session
        self.directory = directory
        self.lowers = below
    }

    var upper: [UInt8] { directory + Array("/upper".utf8) }
    var work: [UInt8] { directory + Array("/work".utf8) }

    /// Makes a layer of what was changed; nothing may change it any more.
    func commit(_ owners: LayerOwners = LayerOwners()) throws(BuildError) -> Store.CachedLayer {
        try session.layer(of: upper, lowers: lowers, owners)
    }
}

/// The same, mounted while a command runs in it.
struct StepRoot: ~Copyable {
    private let upper: StepUpper
    private let stack: MountedStack

    /// - Parameter points: a layer of mount points to lie on top of the lowers; no part of what the step makes.
    init(_ session: BuildSession, lowers: [[UInt8]], points: [UInt8]) throws(BuildError) {
        let upper = try StepUpper(session, lowers: lowers)
        let stack = try BuildError.wrapping { () throws(ContainerError) in
            try MountedStack.mount(
                lowers: [points] + upper.lowers, changes: .init(upper: upper.upper, work: upper.work),
                at: upper.directory + Array("/merged".utf8), helper: session.mountHelper)
        }
        self.upper = upper
        self.stack = stack
    }

    var merged: [UInt8] { stack.path }

    /// Takes the mount away and makes a layer of what was changed.
    consuming func commit() throws(BuildError) -> Store.CachedLayer {
        let upper = upper
        let stack = stack
        do throws(ContainerError) { try stack.end() } catch { throw BuildError(error.description) }
        return try upper.commit()
    }

    /// Takes the mount away; nothing is kept.
    consuming func discard() {
        let stack = stack
        try? stack.end()
    }
}

extension BuildSession {
    /// A layer of the store, made of an upper that nobody changes any more; it may become the unpacked layer.
    func layer(
        of upper: [UInt8], lowers: [[UInt8]], _ owners: LayerOwners = LayerOwners()
    ) throws(BuildError) -> Store.CachedLayer {
        try checkGoing()
        if let latest = options.timestamp {
            try naming("set times", upper) { () throws(Errno) in try TimeClamp.clamp(upper, to: latest) }
        }
        let builder = builder(owners)
        let built = try BuildError.wrapping { () throws(ContainerError) in
            try store.built(builder, LayerSource(upper: upper, lowers: lowers), lease)
        }
        try BuildError.wrapping { () throws(StoreError) in
            if built.standsAlone {
                try store.adopt(upper, as: built, lease)
            } else {
                // Directories that were renamed are whole in the blob alone.
                try store.unpack(built.descriptor, as: built.diffID, lease)
            }
        }
        let created = options.timestamp.map { Instant(seconds: $0) } ?? .now
        return Store.CachedLayer(diffID: built.diffID, blob: built.descriptor, created: created.description)
    }

    /// How layers are written.
    func builder(_ owners: LayerOwners = LayerOwners()) -> LayerBuilder {
        var builder = LayerBuilder(options.coding, latest: options.timestamp)
        builder.owners = owners
        builder.isInterrupted = { self.isCancelled }
        return builder
    }
}
