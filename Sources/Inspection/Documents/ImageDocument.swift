public import GoTemplate
public import OCI

extension Inspector {
    /// An image, with the fields of docker's `image inspect`.
    public func document(of entry: Store.Entry, _ image: Store.Image) throws(StoreError) -> Value {
        let config = image.config
        let names = entry.names.filter { $0.tag != nil }.map(\.familiar)
        var digests: [String] = []
        for name in entry.names {
            let digest = name.with(digest: entry.image.digest).familiar
            if !digests.contains(digest) { digests.append(digest) }
        }
        let size = try store.layerSizes(of: image).reduce(Int64(0)) { $0.addingReportingOverflow($1).partialValue }
        return .object([
            .init("Id", .string(image.id.description)), .init("RepoTags", .strings(names)),
            .init("RepoDigests", .strings(digests)), .init("Parent", .string("")),
            .init("Comment", .string(config.history.last?.comment ?? "")),
            .init("Created", .string(config.created ?? "")), .init("DockerVersion", .string("")),
            .init("Author", .string(config.author ?? "")), .init("Config", Self.execution(config.execution)),
            .init("Architecture", .string(config.platform.architecture)),
            .init("Variant", .string(config.platform.variant ?? ""), optional: true),
            .init("Os", .string(config.platform.os)),
            .init("OsVersion", .string(config.platform.osVersion ?? ""), optional: true),
            .init("Size", .integer(size)), .init("GraphDriver", graphDriver(image)),
            .init(
                "RootFS",
                .object([
                    .init("Type", .string("layers")), .init("Layers", .strings(config.diffIDs.map(\.description))),
                ])),
            .init("Metadata", .object([.init("LastTagTime", .string("0001-01-01T00:00:00Z"))])),
            .init(
                "Descriptor",
                .object([
                    .init("mediaType", .string(entry.image.mediaType.rawValue)),
                    .init("digest", .string(entry.image.digest.description)), .init("size", .integer(entry.image.size)),
                ])),
        ])
    }

    /// How something runs, as docker's `Config`.
    public static func execution(_ execution: Execution) -> Value {
        func optional(_ list: [String]) -> [String]? { list.isEmpty ? nil : list }
        var fields: [Value.Field] = [
            .init("User", .string(execution.user ?? "")),
            .init("ExposedPorts", .set(optional(execution.exposedPorts)), optional: true),
            .init("Env", .strings(execution.environment)), .init("Cmd", .strings(execution.command)),
            .init("Healthcheck", execution.healthcheck.map(healthcheck) ?? .null, optional: true),
            .init("Volumes", .set(optional(execution.volumes))),
            .init("WorkingDir", .string(execution.workingDirectory ?? "")),
            .init("Entrypoint", .strings(execution.entrypoint)),
            .init("OnBuild", .strings(optional(execution.onBuild))),
            .init("Labels", .map(execution.labels.isEmpty ? nil : execution.labels)),
            .init("StopSignal", .string(execution.stopSignal ?? ""), optional: true),
            .init("StopTimeout", execution.stopTimeout.map { .integer($0) } ?? .null, optional: true),
            .init("Shell", .strings(execution.shell), optional: true),
        ]
        fields += execution.other.members.map { .init($0.key, Value($0.value)) }
        return .object(fields)
    }

    private static func healthcheck(_ check: Execution.Healthcheck) -> Value {
        func time(_ name: String, _ value: Int64?) -> Value.Field {
            .init(name, .integer(value ?? 0), optional: true)
        }
        return .object([
            .init("Test", .strings(check.test), optional: true), time("Interval", check.interval),
            time("Timeout", check.timeout), time("StartPeriod", check.startPeriod),
            time("StartInterval", check.startInterval), time("Retries", check.retries),
        ])
    }

    /// Where the layers are, as far as they are unpacked. An image has no directory of its own for changes, and a merged one
    /// only where a single layer is all of it.
    private func graphDriver(_ image: Store.Image) -> Value {
        let layers = image.config.diffIDs.reversed()
        var data: [String: String] = [:]
        if !layers.isEmpty, layers.allSatisfy({ store.hasLayer($0) }) {
            let paths = layers.map { String(decoding: store.layerPath($0), as: UTF8.self) }
            data["UpperDir"] = paths[0]
            if paths.count > 1 { data["LowerDir"] = paths.dropFirst().joined(separator: ":") }
            if paths.count == 1 { data["MergedDir"] = paths[0] }
        }
        return Self.graphDriver(data)
    }

    static func graphDriver(_ data: [String: String]) -> Value {
        .object([.init("Data", .map(data)), .init("Name", .string("shale"))])
    }
}
