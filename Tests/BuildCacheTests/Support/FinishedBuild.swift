import Testing

@testable import OCI

/// What a build said, by its `--progress json`.
struct FinishedBuild {
    let status: Int32
    let id: String
    /// Titles of steps whose result was there.
    var cached: [String] = []
    /// Titles of steps that were done, each with the reason why.
    var missed: [String: String] = [:]
    var warnings: [String] = []
    let log: String

    init(_ result: Workshop.Result) throws {
        status = result.status
        id = result.output.split(separator: "\n").last.map(String.init) ?? ""
        log = result.errors
        var titles: [Int64: String] = [:]
        for line in result.errors.split(separator: "\n") where line.hasPrefix("{") {
            let event = try JSONParser.parse(Array(line.utf8))
            let title = event["step"]?.integer.flatMap { titles[$0] } ?? ""
            switch event["event"]?.string {
            case "started": titles[event["step"]?.integer ?? 0] = event["title"]?.string
            case "cached": cached.append(title)
            case "missed": missed[title] = event["reason"]?.string
            case "warning": warnings.append(event["message"]?.string ?? "")
            default: break
            }
        }
    }

    /// The reason why the one step was done whose title has this.
    func reason(_ part: String) -> String? { missed.first { $0.key.contains(part) }?.value }

    func isCached(_ part: String) -> Bool { cached.contains { $0.contains(part) } }
}

extension Workshop {
    /// Builds the project in a store, which gets the base image first.
    @discardableResult
    func build(_ store: String, _ options: String) throws -> FinishedBuild {
        try FinishedBuild(
            try run(
                """
                [ -e \(store) ] || '\(Self.shale)' load --root \(store) -i '\(try Self.base())' >/dev/null
                shale \(store) build --progress json \(options) context
                """))
    }
}
