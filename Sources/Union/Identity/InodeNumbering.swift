/// Inode numbers in the mount: the real one where all layers share a file system, otherwise with the file system's
/// index in the bits above it (`xino`; overlayfs.rst, "Inode properties").
struct InodeNumbering: Sendable {
    private let shift: UInt64

    init(fileSystems: Int) {
        var bits: UInt64 = 0
        while (1 << bits) < fileSystems { bits += 1 }
        shift = fileSystems <= 1 ? 64 : 64 - bits
    }

    /// nil where the real number needs the bits that the index would take.
    func number(_ inode: UInt64, fileSystem: Int) -> UInt64? {
        if shift == 64 { return inode }
        return inode >> shift == 0 ? UInt64(fileSystem) << shift | inode : nil
    }
}

extension Union {
    /// The number to show for a real inode. Precondition: the table lock is held.
    func numberLocked(_ inode: UInt64, layer: Int) -> UInt64 {
        let fileSystem = layers[layer].fileSystem
        if let number = numbering.number(inode, fileSystem: fileSystem) { return number }
        let key = InodeKey(fileSystem: UInt64(fileSystem), inode: inode)
        if let known = spareNumbers[key] { return known }
        // The upper half of file system 0, counted down: no real number that fits lies there.
        let number = (UInt64.max >> 1) - UInt64(spareNumbers.count)
        spareNumbers[key] = number
        return number
    }

    func inodeKey(_ inode: UInt64, layer: Int) -> InodeKey {
        InodeKey(fileSystem: UInt64(layers[layer].fileSystem) + 1, inode: inode)
    }
}
