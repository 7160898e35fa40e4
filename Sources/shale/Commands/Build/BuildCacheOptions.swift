import ArgumentParser
import Build
import OCI

/// What of earlier builds is used, and what is left for later ones.
struct BuildCacheOptions: ParsableArguments {
    @Flag(help: "Do every step again.")
    var noCache = false

    @Option(help: ArgumentHelp("Stages whose steps are done again.", valueName: "stage"))
    var noCacheFilter: [String] = []

    @Option(
        help: ArgumentHelp(
            "Steps of elsewhere, looked at after the store's own: type=registry,ref=NAME (or NAME alone), an image built with "
                + "--cache-to type=inline among them, or type=local,src=DIR. May be repeated.", valueName: "source"))
    var cacheFrom: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the steps of this build go: type=registry,ref=NAME (or NAME alone), type=local,dest=DIR, or type=inline, into "
                + "the image. mode=min leaves out the stages that the target only copies from; mounts=true adds the directories of RUN --mount=type=cache; ignore-error=true makes a failure a "
                + "warning. May be repeated.", valueName: "destination"))
    var cacheTo: [String] = []

    /// Where a build's cache goes once it is done.
    struct Export {
        let cache: CacheExport
        /// As it was typed.
        let text: String
        let ignoresErrors: Bool
    }

    /// What was asked for, all of it understood.
    struct Plan {
        var sources: [CacheSource] = []
        var exports: [Export] = []
        var isInline = false
    }

    /// - Throws: ``Failure`` for what is unknown or missing.
    func plan(_ registry: RegistryOptions) throws -> Plan {
        var plan = Plan()
        for text in cacheFrom {
            let argument = try CacheArgument(text, option: "--cache-from", keys: [.registry: ["ref"], .local: ["src"]])
            if argument.kind == .local {
                plan.sources.append(.layout(try argument.path("src")))
            } else {
                let (repository, name) = try argument.reference(registry)
                plan.sources.append(.repository(repository, name))
            }
        }
        for text in cacheTo {
            let argument = try CacheArgument(text, option: "--cache-to", keys: Self.exportKeys)
            if argument.kind == .inline {
                plan.isInline = true
            } else {
                plan.exports.append(try export(argument, text, registry))
            }
        }
        return plan
    }

    private static let exportKeys: [CacheArgument.Kind: Set<String>] = [
        .registry: ["ref", "mode", "ignore-error", "mounts"], .local: ["dest", "mode", "ignore-error", "mounts"],
        .inline: [],
    ]

    private func export(_ argument: CacheArgument, _ text: String, _ registry: RegistryOptions) throws -> Export {
        let destination: CacheExport.Destination
        if argument.kind == .local {
            destination = .layout(try argument.path("dest"))
        } else {
            let (repository, name) = try argument.reference(registry)
            if case .digest = name { throw Failure.used("--cache-to \(text): a tag is pushed to, not a digest") }
            destination = .repository(repository, name)
        }
        let hasMounts = try argument.choice("mounts", ["true", "false"], default: "false") == "true"
        let mode = try argument.choice("mode", ["max", "min"], default: "max")
        let ignoresErrors = try argument.choice("ignore-error", ["true", "false"], default: "false") == "true"
        let cache = CacheExport(to: destination, hasAllStages: mode == "max", hasMounts: hasMounts)
        return Export(cache: cache, text: text, ignoresErrors: ignoresErrors)
    }

    func apply(to options: inout BuildOptions) {
        options.ignoresCache = noCache
        options.stagesWithoutCache = Set(noCacheFilter.flatMap { $0.split(separator: ",").map(String.init) })
    }
}
