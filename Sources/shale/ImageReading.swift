import Analysis
import Containers
import OCI

/// Opens and reads what a user names, with a line on the terminal when it takes long. What goes wrong is one line.
struct ImageReading {
    let location: StoreOptions
    let platform: Platform
    /// The command's name, for messages.
    let command: String

    /// - Throws: ``Failure``.
    func analysis(_ name: [UInt8]) throws -> ImageAnalysis {
        try read(name) { image, pass in try await ImageAnalysis.read(image, pass) }
    }

    /// The merged tree alone.
    ///
    /// - Throws: ``Failure``.
    func tree(_ name: [UInt8]) throws -> ImageTree {
        try read(name) { image, pass in ImageTree.build(try await pass.read(image).map(\.contents)) }
    }

    /// Anything else that takes a pass over the layers.
    ///
    /// - Throws: ``Failure``.
    func read<Result: Sendable>(
        _ name: [UInt8], _ body: @escaping @Sendable (OpenedImage, LayerPass) async throws -> Result
    ) throws -> Result {
        let opener = location.opener(for: platform)
        let display = ReadingDisplay()
        defer { display.end() }
        do {
            let image = try opener.open(name)
            return try waiting { try await body(image, LayerPass(observer: display.observer)) }
        } catch {
            throw Failure.failed("\(command) \(displayed(name)): \(error)")
        }
    }
}

extension StoreOptions {
    /// Finds images, containers, archives and OCI directories. Looking at something makes no store.
    func opener(for platform: Platform) -> ImageOpener {
        ImageOpener(
            for: platform,
            store: { () throws(AnalysisError) in
                do { return try existing() } catch { throw AnalysisError((error as? Failure)?.message ?? "\(error)") }
            },
            container: { (store, name) throws(AnalysisError) in
                let containers = ContainerStore(store)
                do throws(ContainerError) {
                    let record = try containers.find(name)
                    let changes = LayerSource(
                        upper: containers.upper(of: record), lowers: containers.lowers(of: record))
                    return ImageOpener.FoundContainer(
                        title: record.name, image: record.image, execution: record.execution, changes: changes)
                } catch {
                    if error.kind == .missing { return nil }
                    throw AnalysisError(error.description)
                }
            })
    }
}
