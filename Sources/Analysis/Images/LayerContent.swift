import CLinux
import Glibc
import Linux
import OCI

/// Where the bytes of a layer come from.
enum LayerContent: Sendable {
    /// A file, or a part of one. The owner keeps it open.
    case section(OpenedFile, Range<Int64>)
    /// A blob that is opened when it is read; whoever holds it keeps it from being removed.
    case blob(BlobDirectory, Digest, Lease?)
    /// The changes of a container, made into a layer while they are read.
    case upper(LayerSource)

    /// Opens the layer and hands it to `body`, on this thread.
    ///
    /// - Throws: ``AnalysisError``.
    func read<Result>(_ body: (LayerReader) throws(LayerError) -> Result) throws(AnalysisError) -> Result {
        switch self {
        case .section(let file, let section):
            return try AnalysisError.wrapping { () throws(LayerError) in
                try body(try LayerReader(file.fd, section: section))
            }
        case .blob(let blobs, let digest, _):
            let file = try AnalysisError.wrapping { () throws(BlobError) in try blobs.open(digest) }
            return try AnalysisError.wrapping { () throws(LayerError) in try body(try LayerReader(file.fd)) }
        case .upper(let source):
            let writer = try UpperWriter(source)
            do throws(AnalysisError) {
                let result = try AnalysisError.wrapping { () throws(LayerError) in
                    try body(try LayerReader(writer.output))
                }
                try writer.finish()
                return result
            } catch {
                // Of a tar that ends too early the writer knows why.
                try writer.finish()
                throw error
            }
        }
    }
}

/// A file that is closed when nobody reads it any more.
final class OpenedFile: Sendable {
    let fd: FD
    private let archive: PlacedArchive?

    /// An archive, which closes itself.
    init(_ archive: PlacedArchive) {
        fd = archive.fd
        self.archive = archive
    }

    init(_ descriptor: consuming Descriptor) {
        fd = FD(descriptor.release())
        archive = nil
    }

    deinit { if archive == nil { _ = cl_close(fd.raw) } }
}
