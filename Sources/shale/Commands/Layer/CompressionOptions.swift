import ArgumentParser
import OCI

/// How layers are compressed, for every command that makes some.
struct CompressionOptions: ParsableArguments {
    @Option(help: "none, gzip or zstd.")
    var compression = Compression.gzip

    @Option(help: "gzip: 1 to 9; zstd: 1 to 19. Usually 1 and 3.")
    var level: Int?

    @Option(help: "Threads that compress; usually all processors. They do not change the result.")
    var threads: Int?

    func validate() throws {
        if let level {
            guard compression != .none else { throw ValidationError("no compression has no level") }
            let most = compression == .gzip ? 9 : 19
            guard (1...most).contains(level) else { throw ValidationError("\(compression) has levels 1 to \(most)") }
        }
        if let threads, threads < 1 { throw ValidationError("at least one thread is wanted") }
    }

    var coding: LayerCoding { LayerCoding(compression, level: level, workers: threads) }
}
