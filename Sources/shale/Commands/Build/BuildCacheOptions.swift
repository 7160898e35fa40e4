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
            "Steps of elsewhere: type=registry,ref=NAME (or NAME alone), or type=local,src=DIR.", valueName: "source"))
    var cacheFrom: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where all steps go: type=registry,ref=NAME (or NAME alone), or type=local,dest=DIR.",
            valueName: "destination"))
    var cacheTo: [String] = []

    func apply(to options: inout BuildOptions) {
        options.ignoresCache = noCache
        options.stagesWithoutCache = Set(noCacheFilter.flatMap { $0.split(separator: ",").map(String.init) })
    }
}
