import Linux
import OCI
import Testing

/// A small image of real layers in a blob directory of its own.
struct SampleImage {
    let blobs: BlobDirectory
    let image: ArchivedImage
    let manifest: ImageManifest
    /// The tars of the layers, from the base up.
    let layers: [[UInt8]]

    /// - Parameter compressed: the second layer as gzip.
    init(in path: String, names: [String] = ["team/app:1"], compressed: Bool = true) throws {
        blobs = try BlobDirectory(making: Array(path.utf8))
        let scratch = try TemporaryDirectory()
        var tars: [[UInt8]] = []
        for name in ["base", "top"] {
            let at = try scratch.makeDirectory(name)
            for file in 0..<20 {
                try scratch.write("\(name)/file\(file)", String(repeating: "\(name) \(file)\n", count: 1000))
            }
            try Programs.run("tar", "-C", at, "--sort=name", "--mtime=@0", "-cf", "\(scratch.path)/\(name).tar", ".")
            tars.append(try FD.workingDirectory.contents(of: "\(scratch.path)/\(name).tar", atMost: 64 << 20))
        }
        layers = tars
        var descriptors: [ContentDescriptor] = []
        for (index, tar) in tars.enumerated() {
            var (bytes, compression) = (tar, Compression.none)
            if index == 1, compressed {
                try Programs.run("gzip", "-n", "\(scratch.path)/top.tar")
                bytes = try FD.workingDirectory.contents(of: "\(scratch.path)/top.tar.gz", atMost: 64 << 20)
                compression = .gzip
            }
            descriptors.append(
                ContentDescriptor(
                    mediaType: .layer(compression), digest: try blobs.keep(bytes), size: Int64(bytes.count)))
        }
        let config = ImageConfig(
            platform: Platform(os: "linux", architecture: "amd64"), diffIDs: try tars.map { try Digest(of: $0) },
            history: [.init(createdBy: "base"), .init(createdBy: "top")])
        try blobs.keep(config.bytes)
        manifest = ImageManifest(config: try config.descriptor(), layers: descriptors)
        try blobs.keep(manifest.bytes)
        image = ArchivedImage(names: try names.map { try Reference($0) }, manifest: try manifest.descriptor())
    }
}
