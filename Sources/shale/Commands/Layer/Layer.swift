import ArgumentParser
import Linux
import OCI
import Union

/// `shale layer`: one layer, without a store.
struct LayerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layer", abstract: "Make, unpack and check one layer, without a store.",
        subcommands: [LayerCreate.self, LayerApply.self, LayerVerify.self])

    /// Reads a file, or standard input for `-`, and prints what was found.
    static func read(
        _ options: LayerInputOptions, _ body: (FD) throws(LayerError) -> ReadLayer
    ) throws {
        let layer = try withInput(options.file, body)
        if layer.droppedAttributes > 0 { say("left out \(layer.droppedAttributes) attributes that cannot be set here") }
        Output.layer(
            layer.descriptor, layer.diffID, tarSize: layer.tarSize, entries: layer.entries, options.format)
    }

    private static func withInput<Result>(
        _ name: String, _ body: (FD) throws(LayerError) -> Result
    ) throws -> Result {
        if name == "-" { return try reporting { () throws(LayerError) in try body(FD(0)) } }
        let path = Arguments.bytes(name)
        let opened = try open(path)
        return try reporting { () throws(LayerError) in try body(opened.fd) }
    }

    private static func open(_ path: [UInt8]) throws -> Descriptor {
        do throws(Errno) { return try FD.workingDirectory.open(Arguments.cString(path), .readOnly) } catch {
            throw Failure.failed("read \(printable(path)): \(error)")
        }
    }

    /// A layer that is not sound is a check that did not pass; all else is our failure.
    private static func reporting<Result>(_ body: () throws(LayerError) -> Result) throws -> Result {
        do throws(LayerError) { return try body() } catch {
            throw Failure(status: error.kind == .refused ? 1 : 125, message: error.description)
        }
    }
}

/// What a layer must be and what it may cost, for the commands that read one.
struct LayerInputOptions: ParsableArguments {
    @Option(help: "The digest that the file must have.")
    var digest: Digest?

    @Option(help: "The digest that the tar in it must have.")
    var diffID: Digest?

    @Option(help: "The most bytes that the layer may have when it is decompressed.")
    var maxSize: Int64 = LayerLimits().tarSize

    @Option(help: "The most times its size that it may grow when it is decompressed, beyond its first GiB.")
    var maxRatio: Int64 = LayerLimits().ratio

    @Option(help: "text or json.")
    var format = Output.Format.text

    @Argument(help: "The layer: a tar, perhaps compressed by gzip or zstd; - is standard input.")
    var file: String

    func validate() throws {
        guard maxSize > 0, maxRatio > 0 else { throw ValidationError("limits are greater than zero") }
    }

    func unpacker(_ ownership: LayerUnpacker.Ownership = .automatic) -> LayerUnpacker {
        LayerUnpacker(
            limits: LayerLimits(tarSize: maxSize, ratio: maxRatio), ownership: ownership, digest: digest, diffID: diffID
        )
    }
}
