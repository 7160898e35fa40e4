/// Why an archive of images was not read or not written: "verb object: cause", one line.
public struct ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ cause: String) { description = cause }

    /// About one entry of the archive.
    init(_ verb: String, _ name: [UInt8], _ cause: String) {
        description = "\(verb) \(printable(String(decoding: name, as: UTF8.self))): \(cause)"
    }

    /// What the readers of layers say of an archive of images.
    init(_ error: LayerError) {
        if error.object.isEmpty {
            self.init("read archive: \(error.cause)")
        } else {
            self.init("read", error.object, error.cause)
        }
    }

    /// Runs what reads a tar.
    static func reading<Result: ~Copyable>(_ body: () throws(LayerError) -> Result) throws(ArchiveError) -> Result {
        do throws(LayerError) { return try body() } catch { throw ArchiveError(error) }
    }

    /// Runs what fails in its own way; its words become ours.
    @discardableResult
    static func wrapping<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(Failure) { return try body() } catch { throw ArchiveError("\(error)") }
    }
}
