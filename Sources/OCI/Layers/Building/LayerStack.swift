internal import CLinux
internal import Linux

/// The lower directories that a directory of the upper lies on.
enum Below {
    /// It is opaque, or lies in one that is: only a redirect leads further.
    case nothing
    /// Those at a location, found when they are asked for.
    case location([UInt8])
    /// Those of a directory that was renamed, top to bottom.
    case directories([LayerDirectory])

    /// What the directory of a name in it lies on, where it is neither opaque nor redirected.
    func entering(_ name: [UInt8]) -> Below {
        if case .location(let location) = self { return .location(joined(location, name)) }
        return .nothing
    }
}

/// A stack of layer directories, as far as a layer's own entries need what is below: redirected directories and files without data.
/// The rules are those of `Union` (SEMANTICS 2.2, 4.5, 7.2), and of the kernel's `ovl_lookup`.
struct LayerStack {
    let roots: [LayerDirectory]
    /// Of each layer that records owners and whose root directory is not root's: whose that is.
    private let rootOwners: [(uid: UInt32, gid: UInt32)?]

    init(_ layers: [[UInt8]]) throws(LayerError) {
        var roots: [LayerDirectory] = []
        for (number, layer) in layers.enumerated() {
            let descriptor = try naming("open layer", layer) { () throws(Errno) in
                try FD.workingDirectory.open(path(layer), [.readOnly, .directory])
            }
            roots.append(LayerDirectory(descriptor, layer: number))
        }
        self.roots = roots
        rootOwners = roots.map { root in
            guard let status = try? root.fd.status(), status.uid != 0 || status.gid != 0,
                let attributes = try? ObjectAttributes(root.fd, ""), attributes.owner != nil
            else { return nil }
            return (status.uid, status.gid)
        }
    }

    /// What a name in a directory is. Where owners are recorded by somebody who is not root, what is his and says nothing else is
    /// root's: he had nobody to give it to.
    func look(at name: [UInt8], in directory: LayerDirectory) throws(Errno) -> (Status, ObjectAttributes) {
        let status = try directory.fd.status(path(name))
        var attributes = try ObjectAttributes(directory.fd, path(name))
        if let own = rootOwners[directory.layer], attributes.owner == nil, !status.isWhiteout {
            attributes.owner = RecordedOwner(
                uid: status.uid == own.uid ? 0 : status.uid, gid: status.gid == own.gid ? 0 : status.gid,
                mode: status.mode & 0o7777, kind: nil)
        }
        return (status, attributes)
    }

    func directories(_ below: Below) throws(Errno) -> [LayerDirectory] {
        switch below {
        case .nothing: return []
        case .location(let location): return try directories(at: location, below: 0)
        case .directories(let directories): return directories
        }
    }

    /// The directories that merge at a location, in the layers below one, top to bottom.
    func directories(at location: [UInt8], below layer: Int) throws(Errno) -> [LayerDirectory] {
        var current = Array(roots.dropFirst(layer + 1))
        for component in location.split(separator: UInt8(ascii: "/")) {
            current = try descend(current, Array(component))
        }
        return current
    }

    /// The directories that merge under a name of merged directories.
    func descend(_ parents: [LayerDirectory], _ name: [UInt8]) throws(Errno) -> [LayerDirectory] {
        var result: [LayerDirectory] = []
        for (index, parent) in parents.enumerated() {
            guard let status = try parent.find(name) else {
                if parent.hides(name) { return result }
                continue
            }
            guard status.isDirectory else { return result }
            let child = try parent.child(name)
            result.append(child)
            let marks = try ObjectAttributes(child.fd, "")
            if marks.isOpaque || child.has(WhiteoutName.opaque) { return result }
            if let redirect = marks.redirect {
                return try result + follow(redirect, from: child.layer, beside: Array(parents[(index + 1)...]))
            }
        }
        return result
    }

    /// The directories that a redirect leads to.
    ///
    /// - Parameter siblings: the directories below the one that holds the redirected one.
    func follow(
        _ redirect: [UInt8], from layer: Int, beside siblings: [LayerDirectory]
    ) throws(Errno) -> [LayerDirectory] {
        switch try LayerRedirect(redirect) {
        case .path(let location): return try directories(at: location, below: layer)
        case .name(let name): return try descend(siblings, name)
        }
    }

    /// What merged directories show under a name, and the directories below the one that has it; nil for nothing.
    func object(
        _ name: [UInt8], in parents: [LayerDirectory]
    ) throws(Errno) -> (parent: LayerDirectory, below: [LayerDirectory])? {
        for (index, parent) in parents.enumerated() {
            if let status = try parent.find(name) {
                return status.isWhiteout ? nil : (parent, Array(parents[(index + 1)...]))
            }
            if parent.hides(name) { return nil }
        }
        return nil
    }

    /// The file with the data of a metacopy file.
    ///
    /// - Parameters:
    ///   - layer: the one that the metacopy file is in.
    ///   - parents: the directories below the one that holds it.
    func data(
        of name: [UInt8], redirect: [UInt8]?, in layer: Int, _ parents: [LayerDirectory]
    ) throws(Errno) -> Descriptor {
        var name = name
        var parents = parents
        switch try redirect.map({ (value) throws(Errno) in try LayerRedirect(value) }) {
        case .path(let location):
            let (parent, last) = LayerName.split(location)
            parents = try directories(at: parent, below: layer)
            name = last
        case .name(let other): name = other
        case nil: break
        }
        guard let (parent, below) = try object(name, in: parents) else { throw Errno.io }
        let marks = try ObjectAttributes(parent.fd, path(name))
        if marks.isMetacopy { return try data(of: name, redirect: marks.redirect, in: parent.layer, below) }
        guard try parent.fd.status(path(name)).isRegular else { throw Errno.io }
        return try parent.fd.open(path(name), [.readOnly, .noFollow, .nonBlocking])
    }
}
