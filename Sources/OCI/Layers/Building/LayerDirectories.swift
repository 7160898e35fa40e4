internal import CLinux
internal import Linux

/// A directory of one layer, open.
final class LayerDirectory {
    let descriptor: Descriptor
    /// 0 is the upper, then the lowers from top to bottom.
    let layer: Int
    /// Where it is in its layer, which is where the layers below are asked; without slashes at the ends.
    let location: [UInt8]

    init(_ descriptor: consuming Descriptor, layer: Int, location: [UInt8]) {
        self.descriptor = descriptor
        self.layer = layer
        self.location = location
    }

    var fd: FD { descriptor.fd }

    /// The names in it but whiteouts' own bookkeeping, in the order of their bytes.
    func names() throws(Errno) -> [[UInt8]] {
        let listing = try fd.open(".", [.readOnly, .directory])
        var names: [[UInt8]] = []
        try listing.fd.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func has(_ name: [UInt8]) -> Bool { (try? fd.status(path(name))) != nil }
}

/// Whiteouts as names (image-spec layer.md, "Whiteouts").
enum WhiteoutName {
    static let prefix = Array(".wh.".utf8)
    static let opaque = Array(".wh..wh..opq".utf8)

    enum Meaning: Equatable {
        case ordinary
        case opaque
        case hides([UInt8])
        /// AUFS's own bookkeeping, which no reader shows.
        case ignored
    }

    static func meaning(of name: [UInt8]) -> Meaning {
        guard name.starts(with: prefix) else { return .ordinary }
        if name == opaque { return .opaque }
        let hidden = Array(name.dropFirst(prefix.count))
        return hidden.starts(with: prefix) || hidden.isEmpty ? .ignored : .hides(hidden)
    }
}

/// A stack of layer directories, as far as a layer's own entries need what is below: redirected directories and files without data.
/// The rules are those of `Union` (SEMANTICS 2.2, 4.5, 7.2).
struct LayerStack {
    let roots: [LayerDirectory]

    init(_ layers: [[UInt8]]) throws(LayerError) {
        var roots: [LayerDirectory] = []
        for (number, layer) in layers.enumerated() {
            let descriptor = try naming("open layer", layer) { () throws(Errno) in
                try FD.workingDirectory.open(path(layer), [.readOnly, .directory])
            }
            roots.append(LayerDirectory(descriptor, layer: number, location: []))
        }
        self.roots = roots
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
        for parent in parents {
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
                return result + (try directories(at: child.target(of: redirect), below: child.layer))
            }
        }
        return result
    }

    /// What the layers below one show at a location; nil for nothing.
    func object(at location: [UInt8], below layer: Int) throws(Errno) -> (parent: LayerDirectory, name: [UInt8])? {
        guard let name = location.split(separator: UInt8(ascii: "/")).last.map(Array.init) else { return nil }
        for parent in try directories(at: location.dropLast(name.count).dropLastSlash, below: layer) {
            if let status = try parent.find(name) { return status.isWhiteout ? nil : (parent, name) }
            if parent.hides(name) { return nil }
        }
        return nil
    }

    /// The file with the data of a metacopy file at a location, in the layers below one.
    func data(of location: [UInt8], redirect: [UInt8]?, below layer: Int) throws(Errno) -> Descriptor {
        var location = location
        if let redirect { location = try resolve(redirect, beside: location) }
        guard let (parent, name) = try object(at: location, below: layer) else { throw Errno.io }
        let marks = try ObjectAttributes(parent.fd, path(name))
        if marks.isMetacopy {
            return try data(of: joined(parent.location, name), redirect: marks.redirect, below: parent.layer)
        }
        guard try parent.fd.status(path(name)).isRegular else { throw Errno.io }
        return try parent.fd.open(path(name), [.readOnly, .noFollow, .nonBlocking])
    }
}

extension LayerDirectory {
    func find(_ name: [UInt8]) throws(Errno) -> Status? {
        do throws(Errno) { return try fd.status(path(name)) } catch {
            if error == .noEntry { return nil }
            throw error
        }
    }

    func hides(_ name: [UInt8]) -> Bool { name.count <= 251 && has(WhiteoutName.prefix + name) }

    func child(_ name: [UInt8]) throws(Errno) -> LayerDirectory {
        let own = try fd.open(path(name), [.readOnly, .directory, .noFollow])
        return LayerDirectory(
            own, layer: layer, location: joined(location, name))
    }

    /// Where a redirect on this directory leads, in the layers below.
    func target(of redirect: [UInt8]) throws(Errno) -> [UInt8] { try resolve(redirect, beside: location) }
}

/// A redirect is a path from the root, or a name in the same directory (overlayfs.rst, "redirect_dir").
private func resolve(_ redirect: [UInt8], beside location: [UInt8]) throws(Errno) -> [UInt8] {
    let parts = redirect.split(separator: UInt8(ascii: "/"))
    let sound = parts.allSatisfy { $0 != [0x2e] && $0 != [0x2e, 0x2e] && !$0.contains(0) }
    guard sound, !parts.isEmpty else { throw Errno.io }
    if redirect.first == UInt8(ascii: "/") { return Array(parts.joined(separator: [UInt8(ascii: "/")])) }
    guard parts.count == 1 else { throw Errno.io }
    var parent = location.split(separator: UInt8(ascii: "/")).dropLast()
    parent.append(parts[0])
    return Array(parent.joined(separator: [UInt8(ascii: "/")]))
}

extension ArraySlice<UInt8> {
    fileprivate var dropLastSlash: [UInt8] { Array(last == UInt8(ascii: "/") ? dropLast() : self) }
}
