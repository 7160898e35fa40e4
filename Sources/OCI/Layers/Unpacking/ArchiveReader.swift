internal import CArchive
import Glibc
internal import Linux

/// The entries of a layer's tar, in any of its dialects, checked: what comes out can be made beneath a directory.
///
/// libarchive converts names to the locale's encoding, and to a normal form in some: it is called under the `C` locale
/// (by thread), where it hands out the bytes as they are in the archive, with a warning.
package final class ArchiveReader {
    private let input: any ArchiveInput
    private let noun: String
    private let archive: OpaquePointer
    private let locale: locale_t?
    private let previous: locale_t?
    private let skips: Bool
    private var failure: LayerError?
    /// Where the data of the entry just read begins, in a tar that is not compressed.
    private(set) var position: Int64 = 0
    /// Whether that data lies in pieces.
    private(set) var isSparse = false
    private var started = false
    /// Bytes of the entry just read, and those of them that were not handed out yet.
    private var size: Int64 = 0
    private var missing: Int64 = 0
    /// Bytes of the tar so far.
    private var given: Int64 = 0
    private var isPadded: Bool
    private let zeros: UnsafeMutableRawBufferPointer

    /// The reader must be used and released on the thread that made it.
    ///
    /// - Parameters:
    ///   - decompresses: whether the bytes may be compressed, by whatever tar(1) decompresses.
    ///   - noun: what is read, for messages.
    ///   - skips: data that nobody asks for is not read, where the input can pass over it.
    package init(
        _ input: any ArchiveInput, decompresses: Bool = false, noun: String = "layer", skips: Bool = false
    ) throws(LayerError) {
        guard let archive = ca_read_new() else {
            let failure = ca_load_failure().map { "cannot load libarchive: \(printable(String(cString: $0)))" }
            throw LayerError(.unavailable, "read \(noun)", failure ?? "no memory")
        }
        self.input = input
        self.noun = noun
        self.archive = archive
        zeros = .allocate(byteCount: 512, alignment: 1)
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        self.skips = skips
        // What is given is not the tar itself then.
        isPadded = decompresses
        locale = newlocale(LC_CTYPE_MASK, "C", nil)
        previous = uselocale(locale)
        ca_read_support_formats(archive)
        if decompresses { ca_read_support_filters(archive) }
    }

    deinit {
        ca_read_free(archive)
        zeros.deallocate()
        uselocale(previous)
        if let locale { freelocale(locale) }
    }

    private func start() throws(LayerError) {
        started = true
        let client = Unmanaged.passUnretained(self).toOpaque()
        let read: ca_read_callback = { _, client, buffer in
            guard let client, let buffer else { return -1 }
            return Unmanaged<ArchiveReader>.fromOpaque(client).takeUnretainedValue().give(buffer)
        }
        let skip: ca_skip_callback = { _, client, count in
            guard let client else { return 0 }
            return Unmanaged<ArchiveReader>.fromOpaque(client).takeUnretainedValue().skip(count)
        }
        let result = ca_read_open(archive, client, read, skips ? skip : nil)
        if result != CA_OK { throw problem([]) }
    }

    private func give(_ buffer: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do throws(LayerError) {
            var bytes = try input.next()
            given += Int64(bytes.count)
            if bytes.isEmpty { bytes = padding }
            buffer.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            failure = error
            ca_clear_error(archive)
            return -1
        }
    }

    /// What the last block lacks. Go's writers may end with the data of the last file (umoci insert does), and Go's reader, which
    /// all of them are tested with, takes it; a file that lacks data is another matter.
    private var padding: UnsafeRawBufferPointer {
        let excess = Int(given % 512)
        guard missing == 0, excess > 0, !isPadded else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        isPadded = true
        return UnsafeRawBufferPointer(rebasing: zeros[excess...])
    }

    private func skip(_ count: Int64) -> Int64 {
        let skipped = input.skip(count)
        given += skipped
        return skipped
    }

    private func problem(_ name: [UInt8]) -> LayerError {
        if let failure { return failure }
        let text = ca_error_string(archive).map { String(cString: $0) } ?? "no tar archive"
        return LayerError(.refused, "read \(noun)", name, printable(text))
    }

    /// - Throws: ``LayerError`` for what is no tar, and for an entry that no directory could hold.
    package func next() throws(LayerError) -> TarEntry? {
        if !started { try start() }
        var raw: OpaquePointer?
        let result = ca_read_next_header(archive, &raw)
        if failure != nil { throw problem([]) }
        if result == CA_EOF { return nil }
        guard let raw, result == CA_OK || result == CA_WARN else { throw problem([]) }
        let stored = bytes(ca_entry_pathname(raw))
        if result == CA_WARN {
            let text = ca_error_string(archive).map { String(cString: $0) } ?? ""
            guard text.contains("can't be converted") else { throw problem(stored) }
        }
        let entry = try entry(raw, stored)
        position = ca_position(archive)
        isSparse = ca_entry_is_sparse(raw) != 0
        if case .file(let size) = entry.kind { missing = size } else { missing = 0 }
        size = missing
        return entry
    }

    private func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text else { return [] }
        return UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }

    private func entry(_ raw: OpaquePointer, _ stored: [UInt8]) throws(LayerError) -> TarEntry {
        let name = try LayerName.normalized(stored, "unpack")
        guard let uid = UInt32(exactly: ca_entry_uid(raw)), let gid = UInt32(exactly: ca_entry_gid(raw)),
            uid != .max, gid != .max
        else { throw LayerError(.refused, "unpack", stored, "the owner is no number of 32 bits") }
        var entry = TarEntry(
            name: name, kind: try kind(raw, stored), mode: ca_entry_permissions(raw) & 0o7777, uid: uid, gid: gid,
            modified: Timestamp(
                seconds: ca_entry_mtime(raw), nanoseconds: ca_entry_mtime_nanoseconds(raw)))
        ca_entry_xattr_reset(raw)
        var key: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while ca_entry_xattr_next(raw, &key, &value, &count) == CA_OK {
            let bytes = UnsafeRawBufferPointer(start: value, count: count)
            entry.attributes.append(TarEntry.Attribute(name: self.bytes(key), value: Array(bytes)))
        }
        return entry
    }

    private func kind(_ raw: OpaquePointer, _ stored: [UInt8]) throws(LayerError) -> TarEntry.Kind {
        if let target = ca_entry_hardlink(raw) {
            return .hardLink(
                target: try LayerName.normalized(
                    bytes(target), "unpack \(printable(String(decoding: stored, as: UTF8.self))), a link to"))
        }
        let device = DeviceNumber(
            major: UInt32(truncatingIfNeeded: ca_entry_major(raw)),
            minor: UInt32(truncatingIfNeeded: ca_entry_minor(raw)))
        switch ca_entry_type(raw) {
        case 0o100000:
            let size = ca_entry_size(raw)
            guard size >= 0 else { throw LayerError(.refused, "unpack", stored, "the size is negative") }
            return .file(size: size)
        case 0o040000: return .directory
        case 0o120000: return .symlink(target: bytes(ca_entry_symlink(raw)))
        case 0o020000: return .characterDevice(device)
        case 0o060000: return .blockDevice(device)
        case 0o010000: return .fifo
        default: throw LayerError(.refused, "unpack", stored, "of a type that no layer holds")
        }
    }

    /// The data of the entry just read, piece by piece with its offset; what is between pieces is a hole.
    package func data(
        of name: [UInt8], _ body: (UnsafeRawBufferPointer, Int64) throws(LayerError) -> Void
    ) throws(LayerError) {
        while true {
            var buffer: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let result = ca_read_data_block(archive, &buffer, &count, &offset)
            if result == CA_EOF { return }
            guard result == CA_OK else { throw problem(name) }
            missing = size - (offset + Int64(count))
            try body(UnsafeRawBufferPointer(start: buffer, count: count), offset)
        }
    }
}
