import Linux
import OCI

/// Whether a file is a tar archive, compressed or not: by its content, as BuildKit's `isArchivePath` has it.
enum ArchiveSniffing {
    static func isArchive(_ parent: any TreeDirectory, _ name: [UInt8], _ shown: [UInt8]) throws(BuildError) -> Bool {
        let file = try naming("read", shown) { () throws(Errno) in
            try parent.open(name.cPath)
        }
        return isArchive(file.fd)
    }

    /// Reads from the file's position.
    static func isArchive(_ file: FD) -> Bool {
        do throws(LayerError) {
            let reader = try ArchiveReader(FileInput(file), decompresses: true, noun: "archive")
            return try reader.next() != nil
        } catch {
            // An entry that is refused is one of an archive: unpacking will say what is wrong with it.
            return error.verb.hasPrefix("unpack")
        }
    }
}

/// An archive's bytes from a file or pipe, as they are.
final class FileInput: ArchiveInput {
    private let file: FD
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)

    /// - Parameter file: must stay open.
    init(_ file: FD) { self.file = file }

    deinit { buffer.deallocate() }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        do throws(Errno) {
            let count = try file.read(into: buffer)
            return UnsafeRawBufferPointer(rebasing: buffer[..<count])
        } catch {
            throw LayerError("read archive", [], error)
        }
    }
}
