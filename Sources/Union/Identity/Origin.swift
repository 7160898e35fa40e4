import CLinux
import Glibc
import Linux

/// Where a copied-up object came from, in the kernel's own form: `struct ovl_fb` (fs/overlayfs/overlayfs.h), which the
/// `origin` mark holds and, in hexadecimal, names an entry of the index.
struct Origin: Equatable {
    /// version 0, magic 0xfb, length, flags, handle type, UUID 16, handle.
    let bytes: [UInt8]

    private static let header = 21

    init?(bytes: [UInt8]) {
        guard bytes.count > Self.header, bytes[0] == 0, bytes[1] == 0xfb, Int(bytes[2]) == bytes.count else {
            return nil
        }
        // Big-endian handles are another machine's.
        guard bytes[3] & 1 == 0 else { return nil }
        self.bytes = bytes
    }

    /// The object `name` in `directory` (or the descriptor's own when empty); nil where the file system has no handles.
    init?(_ directory: FD, _ name: CPath, uuid: [UInt8]) {
        var handle = [UInt8](repeating: 0, count: 128)
        var type: Int32 = 0
        let flags: Int32 = name.pointee == 0 ? 0x1000 : 0
        let count = handle.withUnsafeMutableBufferPointer {
            cl_file_handle(directory.raw, name, flags, $0.baseAddress, &type)
        }
        guard count > 0, type > 0, type < 0xff, Self.header + Int(count) <= 255 else { return nil }
        let length = UInt8(Self.header + Int(count))
        bytes = [0, 0xfb, length, 0, UInt8(type)] + uuid + handle.prefix(Int(count))
    }

    var uuid: ArraySlice<UInt8> { bytes[5..<21] }

    /// The inode number inside the handle, for the file systems whose handles hold it in the open (include/linux/exportfs.h).
    var inode: UInt64? {
        let fid = bytes.dropFirst(Self.header)
        func word(_ index: Int) -> UInt64? {
            guard fid.count >= index * 4 + 4 else { return nil }
            let at = fid.startIndex + index * 4
            return UInt64(fid[at]) | UInt64(fid[at + 1]) << 8 | UInt64(fid[at + 2]) << 16 | UInt64(fid[at + 3]) << 24
        }
        switch bytes[4] {
        case 0x01:
            // FILEID_INO32_GEN, 8 bytes; tmpfs uses the same type with the generation before a 64-bit number, 12 bytes.
            if fid.count == 12, let low = word(1), let high = word(2) { return high << 32 | low }
            return word(0)
        case 0x81, 0x4d:
            // FILEID_INO64_GEN of XFS; FILEID_BTRFS_WITHOUT_PARENT.
            guard let low = word(0), let high = word(1) else { return nil }
            return high << 32 | low
        default: return nil
        }
    }

    /// The reverse of ``indexName``.
    init?(hexadecimal digits: [UInt8]) {
        guard digits.count % 2 == 0, digits.count <= 510 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        self.init(bytes: bytes)
    }

    /// The name of its entry in the index.
    var indexName: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}

extension Union {
    /// The lower layer (on the same file system) and inode that an origin speaks of.
    func resolve(_ origin: Origin) -> (layer: Int, inode: UInt64)? {
        guard let inode = origin.inode else { return nil }
        for layer in layers.indices.dropFirst() where layers[layer].uuid.elementsEqual(origin.uuid) {
            return (layer, inode)
        }
        return nil
    }

    /// The origin of an object in the upper: its mark, or what stands in the table for objects that carry none.
    func origin(of name: CPath, in directory: FD, _ status: Status) -> Origin? {
        if marks.userMode, !status.isRegular, !status.isDirectory { return originFromTable(directory, name) }
        guard let value = try? directory.attribute(name, marks.name(.origin)) else { return nil }
        return Origin(bytes: value)
    }
}
