import ArgumentParser
import CLinux
import Glibc
import Linux
import OCI
import Union

/// `shale layer create`: a directory as a layer.
struct LayerCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a layer of an upper, or of any directory.",
        discussion: """
            Whiteouts and opaque marks of every form become those of images; recorded owners become real ones. The same \
            tree gives the same bytes. SOURCE_DATE_EPOCH, in seconds since 1970, is the latest time that a file may have.
            """)

    @Option(
        name: .shortAndLong, help: "A lower below the upper; from top to bottom. Needed where directories were renamed."
    )
    var lower: [String] = []

    @Option(name: .shortAndLong, help: "The file to write; - is standard output.")
    var output: String

    @OptionGroup var compression: CompressionOptions

    @Flag(help: "Leave out files that were copied up but are the same as in the lowers, and name them.")
    var minimize = false

    @Option(help: "text or json.")
    var format = Output.Format.text

    @Argument(help: "The upper, or any directory.")
    var directory: String

    func run() throws {
        var limit: UInt64 = 0
        cl_raise_descriptor_limit(&limit)
        let builder = LayerBuilder(compression.coding, latest: try SourceDate.epoch, minimizes: minimize)
        let source = LayerSource(upper: Arguments.bytes(directory), lowers: lower.map { Arguments.bytes($0) })
        if output == "-" {
            warn(try build(builder, source, FD(1)))
            return
        }
        let name = Arguments.bytes(output)
        var file = try writing(name) { () throws(Errno) in try NewFile(name) }
        let layer = try build(builder, source, file.fd)
        try writing(name) { () throws(Errno) in try file.publish() }
        warn(layer)
        Output.layer(layer.descriptor, layer.diffID, tarSize: layer.tarSize, entries: layer.entries, format)
    }

    private func build(_ builder: LayerBuilder, _ source: LayerSource, _ fd: FD) throws -> BuiltLayer {
        do throws(LayerError) { return try builder.build(source, into: fd) } catch {
            throw Failure.failed(error.description)
        }
    }

    private func writing<Result: ~Copyable>(_ name: [UInt8], _ body: () throws(Errno) -> Result) throws -> Result {
        do throws(Errno) { return try body() } catch { throw Failure.failed("write \(printable(name)): \(error)") }
    }

    private func warn(_ layer: BuiltLayer) {
        for socket in layer.skipped { say("left out \(printable(socket)): no layer holds sockets") }
        for file in layer.unchanged { say("left out \(printable(file)): unchanged") }
    }
}
