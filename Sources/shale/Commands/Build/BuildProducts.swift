import ArgumentParser
import Build
import Containers
import Dockerfile
import Glibc
import Linux
import OCI

/// What comes out of a build.
struct BuildProducts: ParsableArguments {
    @Option(
        name: .shortAndLong, help: ArgumentHelp("What to call the image; may be repeated.", valueName: "name[:tag]"))
    var tag: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the result goes; see above.", valueName: "output"))
    var output: [String] = []

    @Flag(help: "Push the image to the registries of its names.")
    var push = false

    @Flag(help: .hidden)
    var load = false

    @Flag(help: "One layer over the base; the history keeps its lines.")
    var squash = false

    @Flag(help: "One more layer, in which no file is set-user-ID or set-group-ID.")
    var stripSetid = false

    @Option(help: ArgumentHelp("A label.", valueName: "name=value"))
    var label: [String] = []

    @Option(help: ArgumentHelp("An annotation of the manifest.", valueName: "name=value"))
    var annotation: [String] = []

    @Option(help: ArgumentHelp("Write the image's id to a file.", valueName: "file"))
    var iidfile: String?

    @Option(help: ArgumentHelp("Write what was made to a file, as JSON.", valueName: "file"))
    var metadataFile: String?

    func labels() throws -> [(name: String, value: String)] {
        try label.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = parts.first, !name.isEmpty else { throw Failure.used("--label \(text): it has no name") }
            return (name, parts.count == 2 ? parts[1] : "")
        }
    }

    /// Annotations of the manifest, or of the index.
    ///
    /// - Parameter kind: `manifest` or `index`, as buildx has them in front of a name and a colon.
    func annotations(of kind: String = "manifest") throws -> [String: String] {
        var result: [String: String] = [:]
        for text in annotation {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Failure.used("--annotation \(text): NAME=VALUE is wanted") }
            var name = parts[0][...]
            var kinds: [Substring] = ["manifest"]
            if let colon = name.firstIndex(of: ":") {
                kinds = name[..<colon].split(separator: ",")
                name = name[name.index(after: colon)...]
            }
            if let other = kinds.first(where: { $0 != "manifest" && $0 != "index" }) {
                throw Failure.used("--annotation \(text): \(other) is unknown; manifest and index are known")
            }
            if kinds.contains(kind[...]) { result[String(name)] = parts[1] }
        }
        return result
    }

    /// Before anything is built.
    ///
    /// - Parameter isIndex: the result is one, of several platforms or of one.
    /// - Throws: ``BuildError`` for what the results cannot be, ``Failure`` for what is malformed.
    func check(isIndex: Bool) throws {
        _ = try (labels(), annotations())
        for output in try parsedOutputs() where isIndex && [.oci, .docker, .tar].contains(output.kind) {
            throw Failure.used("--output type=\(output.kind.rawValue): it holds one platform")
        }
        if !isIndex, let name = try annotations(of: "index").keys.min() {
            throw Failure.used("--annotation index:\(name): the result is no index")
        }
    }

    /// Records the image and writes what was asked for, when all platforms are built.
    func write(
        _ state: StageState, _ images: [Store.Image], _ session: BuildSession, _ registry: RegistryOptions, isLast: Bool
    ) throws(BuildError) {
        let outputs = try parsedOutputs()
        let isSeveral = images.count > 1 || !isLast
        for output in outputs where output.kind == .tar || output.kind == .local {
            // As BuildKit's: each platform in a directory of its own.
            let name = session.options.request.platform.description.replacing("/", with: "_")
            try TreeOutput(session: session, state: state, output: output, directory: isSeveral ? name : nil)
                .write()
        }
        guard isLast, let image = images.last else { return }
        let store = session.store
        let isIndex = images.count > 1 || session.options.request.isAlwaysMultiPlatform
        let descriptor = try isIndex ? index(of: images, session) : image.descriptor
        let names = try (tag + outputs.flatMap(\.names)).map { (text) throws(BuildError) -> Reference in
            do { return try Pull.reference(text) } catch { throw BuildError("--tag \(text): no name of an image") }
        }
        let keeps = outputs.contains { $0.kind == .image } || !names.isEmpty
        if keeps {
            try BuildError.wrapping { () throws(StoreError) in
                if names.isEmpty { try store.record(descriptor) }
                for name in names { try store.record(descriptor, as: name) }
            }
        }
        for output in outputs where output.kind == .oci || output.kind == .docker {
            try output.archive(ArchivedImage(names: names, manifest: image.descriptor), store)
        }
        if push || outputs.contains(where: \.isPushed) {
            guard !names.isEmpty else { throw BuildError("--push: the image has no name; -t gives it one") }
            for name in names { try send(descriptor, name, store, registry) }
        }
        let id = image.manifest.config.digest.description
        do throws(ContainerError) {
            if let iidfile { try Output.write(id, to: iidfile) }
            if let metadataFile { try Output.write(metadata(image, descriptor, names).text + "\n", to: metadataFile) }
        } catch {
            throw BuildError(error.description)
        }
        if !outputs.contains(where: { $0.destination == "-" }) { print(id) }
    }

    private func parsedOutputs() throws(BuildError) -> [BuildOutput] {
        if output.isEmpty { return [BuildOutput(kind: .image)] }
        var result: [BuildOutput] = []
        for text in output { result.append(try BuildOutput(text)) }
        return result
    }

    private func metadata(_ image: Store.Image, _ descriptor: ContentDescriptor, _ names: [Reference]) -> JSON {
        var object = JSONObject()
        object["containerimage.config.digest"] = .string(image.manifest.config.digest.description)
        object["containerimage.digest"] = .string(descriptor.digest.description)
        object["containerimage.descriptor"] = [
            "mediaType": .string(descriptor.mediaType.rawValue), "digest": .string(descriptor.digest.description),
            "size": .integer(descriptor.size),
        ]
        if !names.isEmpty { object["image.name"] = .string(names.map(\.description).joined(separator: ",")) }
        return .object(object)
    }

    private func index(of images: [Store.Image], _ session: BuildSession) throws(BuildError) -> ContentDescriptor {
        let manifests = images.map { image in
            var descriptor = image.descriptor
            descriptor.platform = image.config.platform
            return descriptor
        }
        let index: ImageIndex
        do { index = ImageIndex(manifests: manifests, annotations: try annotations(of: "index")) } catch {
            throw BuildError((error as? Failure)?.message ?? "\(error)")
        }
        return try BuildError.wrapping { () throws(BlobError) in
            let bytes = index.bytes
            let digest = try session.lease.blobs().keep(bytes)
            return ContentDescriptor(mediaType: index.mediaType, digest: digest, size: Int64(bytes.count))
        }
    }

    private func send(
        _ descriptor: ContentDescriptor, _ name: Reference, _ store: Store, _ options: RegistryOptions
    ) throws(BuildError) {
        do {
            let registry = try options.registry(name.registry)
            let display = TransferDisplay("push \(name.familiar)")
            defer { display.end() }
            try reporting {
                let known = try store.repositories(on: name.registry)
                var push = ImagePush(registry.repository(name.repository), from: store.blobs)
                push.observer = display.observer
                push.sources = { Array((known[$0] ?? []).prefix(3)) }
                try await push.run(descriptor, as: name.manifestName)
            }
        } catch {
            throw BuildError((error as? Failure)?.message ?? "\(error)")
        }
    }
}
