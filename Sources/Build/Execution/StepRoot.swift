internal import CLinux
internal import Containers
internal import Linux
internal import OCI

/// A fresh upper over a stage's layers, mounted while a step works in it, and then made a layer.
struct StepRoot: ~Copyable {
    let session: BuildSession
    let directory: [UInt8]
    /// From top to bottom; never empty.
    let lowers: [[UInt8]]
    private let stack: MountedStack

    /// - Parameter points: a layer of mount points to lie on top of the lowers; no part of what the step makes.
    init(_ session: BuildSession, lowers: [[UInt8]], points: [UInt8]? = nil) throws(BuildError) {
        let directory = try session.makeDirectory("step")
        var below = lowers
        for name in ["upper", "work", "merged", "empty"] {
            let path = directory + Array("/\(name)".utf8)
            try naming("make", path) { () throws(Errno) in
                try FD.workingDirectory.makeDirectory(path.cPath, mode: 0o755)
            }
        }
        if below.isEmpty { below = [directory + Array("/empty".utf8)] }
        try naming("make", directory) { () throws(Errno) in
            try UpperRoot.copy(from: below[0], to: directory + Array("/upper".utf8))
        }
        let stack = try BuildError.wrapping { () throws(ContainerError) in
            try MountedStack.mount(
                lowers: (points.map { [$0] } ?? []) + below,
                changes: .init(
                    upper: directory + Array("/upper".utf8), work: directory + Array("/work".utf8)),
                at: directory + Array("/merged".utf8), helper: session.mountHelper)
        }
        self.session = session
        self.directory = directory
        self.lowers = below
        self.stack = stack
    }

    var merged: [UInt8] { stack.path }

    func open() throws(BuildError) -> Descriptor {
        let path = stack.path
        return try naming("open", path) { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
        }
    }

    /// Takes the mount away and makes a layer of what was changed.
    consuming func commit() throws(BuildError) -> Store.CachedLayer {
        let (session, lowers) = (session, lowers)
        let upper = directory + Array("/upper".utf8)
        let stack = stack
        do throws(ContainerError) { try stack.end() } catch { throw BuildError(error.description) }
        return try session.layer(of: upper, lowers: lowers)
    }

    /// Takes the mount away; nothing is kept.
    consuming func discard() {
        let stack = stack
        try? stack.end()
    }
}

extension BuildSession {
    /// A layer of the store, made of an upper that nobody changes any more; it may become the unpacked layer.
    func layer(of upper: [UInt8], lowers: [[UInt8]]) throws(BuildError) -> Store.CachedLayer {
        if let latest = options.timestamp {
            try naming("set times", upper) { () throws(Errno) in try TimeClamp.clamp(upper, to: latest) }
        }
        let builder = LayerBuilder(options.coding, latest: options.timestamp)
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
}
