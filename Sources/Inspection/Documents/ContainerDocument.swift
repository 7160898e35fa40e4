public import Containers
public import GoTemplate
internal import OCI

extension Inspector {
    /// A container, with the fields of docker's `container inspect`.
    public func document(of record: ContainerRecord) -> Value {
        let containers = ContainerStore(store)
        let path = record.arguments.first ?? ""
        return .object([
            .init("Id", .string(record.id)), .init("Created", .string(record.created.description)),
            .init("Path", .string(path)), .init("Args", .strings(Array(record.arguments.dropFirst()))),
            .init("State", Self.state(record, containers.state(of: record))),
            .init("Image", .string(record.imageID.description)), .init("Name", .string("/\(record.name)")),
            .init(
                "HostConfig",
                .object([
                    .init("Binds", .strings(record.volumes.isEmpty ? nil : record.volumes)),
                    .init("NetworkMode", .string(record.network)), .init("ReadonlyRootfs", .bool(record.isReadOnly)),
                ])),
            .init("GraphDriver", Self.graphDriver(directories(of: record, containers))),
            .init("Mounts", .list(.init(record.volumes.map(Self.mount)))), .init("Config", config(record)),
        ])
    }

    private static func state(_ record: ContainerRecord, _ state: ContainerState) -> Value {
        let status: String
        var code: Int64 = 0
        switch state {
        case .created: status = "created"
        case .running: status = "running"
        case .exited(let number): (status, code) = ("exited", Int64(number))
        }
        let never = "0001-01-01T00:00:00Z"
        return .object([
            .init("Status", .string(status)), .init("Running", .bool(state == .running)),
            .init("ExitCode", .integer(code)),
            .init("StartedAt", .string(record.started?.description ?? never)),
            .init("FinishedAt", .string(record.finished?.description ?? never)),
        ])
    }

    /// Where it lies. The merged tree is there while the container runs, in a namespace of its own.
    private func directories(of record: ContainerRecord, _ containers: ContainerStore) -> [String: String] {
        func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
        let directory = containers.directory(record.id)
        return [
            "LowerDir": containers.lowers(of: record).map(text).joined(separator: ":"),
            "UpperDir": text(containers.upper(of: record)), "WorkDir": text(directory.work),
            "MergedDir": text(directory.merged),
        ]
    }

    /// `SOURCE:DESTINATION[:ro]`.
    private static func mount(_ volume: String) -> Value {
        let parts = volume.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let isReadOnly = parts.count > 2 && parts[2].split(separator: ",").contains("ro")
        return .object([
            .init("Type", .string("bind")), .init("Source", .string(parts[0])),
            .init("Destination", .string(parts.count > 1 ? parts[1] : parts[0])), .init("RW", .bool(!isReadOnly)),
        ])
    }

    private func config(_ record: ContainerRecord) -> Value {
        guard case .object(let fields) = Self.execution(record.execution) else { return .null }
        return .object(
            [
                .init("Hostname", .string(record.hostname)), .init("Tty", .bool(record.hasTerminal)),
                .init("Image", .string(record.imageName)),
            ] + fields)
    }
}
