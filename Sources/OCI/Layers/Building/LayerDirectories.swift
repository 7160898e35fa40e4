internal import CLinux
internal import Linux

/// A directory of one layer, open.
final class LayerDirectory {
    let descriptor: Descriptor
    /// 0 is the upper, then the lowers from top to bottom.
    let layer: Int

    init(_ descriptor: consuming Descriptor, layer: Int) {
        self.descriptor = descriptor
        self.layer = layer
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

extension LayerDirectory {
    func find(_ name: [UInt8]) throws(Errno) -> Status? {
        do throws(Errno) { return try fd.status(path(name)) } catch {
            if error == .noEntry { return nil }
            throw error
        }
    }

    func hides(_ name: [UInt8]) -> Bool { name.count <= 251 && has(WhiteoutName.prefix + name) }

    func child(_ name: [UInt8]) throws(Errno) -> LayerDirectory {
        LayerDirectory(try fd.open(path(name), [.readOnly, .directory, .noFollow]), layer: layer)
    }
}
