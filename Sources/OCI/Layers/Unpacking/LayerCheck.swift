internal import Linux

/// The rules of unpacking that need no file system: for a layer that is only read.
struct LayerCheck {
    private enum Found { case directory, file, other }

    private var found: [[UInt8]: Found] = [:]

    mutating func take(_ entry: TarEntry) throws(LayerError) {
        guard try LayerName.meaning(entry.name) == .ordinary else { return }
        var parent: [UInt8] = []
        for component in LayerName.split(entry.name).parent.split(separator: UInt8(ascii: "/")) {
            parent = joined(parent, Array(component))
            guard found[parent, default: .directory] == .directory else {
                throw LayerError(.refused, "unpack", entry.name, "its name leads through what is no directory")
            }
            found[parent] = .directory
        }
        let kind: Found
        switch entry.kind {
        case .directory: kind = .directory
        case .hardLink(let target):
            guard let other = found[target], other != .directory else {
                throw LayerError(.refused, "unpack", entry.name, "a link to what the layer does not have")
            }
            kind = other
        case .characterDevice(let device):
            if device.raw == 0 {
                throw LayerError(.refused, "unpack", entry.name, "a device 0/0, which would hide what is below")
            }
            kind = .other
        case .file: kind = .file
        case .symlink, .blockDevice, .fifo: kind = .other
        }
        if entry.name.isEmpty, kind != .directory {
            throw LayerError(.refused, "unpack", [0x2f], "the root is no directory")
        }
        if let before = found[entry.name], before != .directory || kind != .directory {
            throw LayerError(.refused, "unpack", entry.name, "the name comes twice")
        }
        found[entry.name] = kind
    }
}
