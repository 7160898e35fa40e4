import Analysis
import ArgumentParser
import Linux
import OCI

/// `shale sbom`: what software an image holds.
struct SBOM: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sbom",
        abstract: "List the software in an image, as SPDX or CycloneDX.",
        discussion: """
            Reads what package managers and linkers recorded: dpkg (status and status.d), apk, rpm (rpmdb.sqlite), Python's \
            dist-info and egg-info, npm's package.json and package-lock.json, the modules of Go programs, and the crates of Rust \
            programs built by cargo auditable. Each package comes with its package URL, the file that says so, and the layer \
            that brought it. What could not be read is said on standard error and in the document.

            IMAGE is an image or container of the store, an archive, or an OCI directory. SOURCE_DATE_EPOCH, in seconds since \
            1970, is the time in the document; the same image and time give the same bytes.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case spdx = "spdx-json"
        case cycloneDX = "cyclonedx-json"
        case text
    }

    @OptionGroup var location: StoreOptions

    @Option(help: "spdx-json (2.3), cyclonedx-json (1.6) or text.")
    var format = Format.spdx

    @Option(name: .shortAndLong, help: "The file to write; standard output otherwise.")
    var output: String?

    @Option(help: "os/architecture[/variant], where there are several; this machine's otherwise.")
    var platform = Platform.host

    @Argument(help: "The image.")
    var image: String

    func run() throws {
        let created = try SourceDate.epoch ?? SourceDate.now
        let list = try ImageReading(location: location, platform: platform, command: "sbom")
            .read(Arguments.bytes(image)) { image, pass in try await SoftwareInventory.read(image, pass) }
        for note in list.notes { say("not read: \(note)") }
        let bytes: [UInt8] =
            switch format {
            case .spdx: list.spdx(version: Shale.configuration.version, created: created).indentedBytes
            case .cycloneDX: list.cycloneDX(version: Shale.configuration.version, created: created).indentedBytes
            case .text: Array(list.text.utf8)
            }
        guard let output, output != "-" else { return try Output.bytes(bytes) }
        try OutputFile.write(bytes, to: Arguments.bytes(output))
    }
}
