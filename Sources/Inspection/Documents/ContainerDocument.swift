public import Containers
public import GoTemplate
internal import OCI

extension Inspector {
    /// A container, with the fields of docker's `container inspect` that mean something here.
    ///
    /// - Throws: ``ContainerError``; `missing` where there is none of that name or id, or several begin so.
    public func container(_ name: String) throws(ContainerError) -> Value {
        let containers = ContainerStore(store)
        let record = try containers.find(name)
        let directory = containers.directory(record.id)
        func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
        var data: [String: String] = [
            "UpperDir": text(containers.upper(of: record)), "WorkDir": text(directory.work),
            "MergedDir": text(directory.merged),
        ]
        data["LowerDir"] = containers.lowers(of: record).map(text).joined(separator: ":")
        return .object([
            .init("Id", .string(record.id)), .init("Created", .string(record.created.description)),
            .init("Path", .string(record.arguments.first ?? "")),
            .init("Args", .strings(Array(record.arguments.dropFirst()))),
            .init("State", state(record, containers.state(of: record))),
            .init("Image", .string(record.imageID.description)), .init("Name", .string("/" + record.name)),
            .init("GraphDriver", Self.graphDriver(data)),
            .init(
                "HostConfig",
                .object([
                    .init("Binds", .strings(record.volumes)), .init("NetworkMode", .string(record.network)),
                    .init("ReadonlyRootfs", .bool(record.isReadOnly)),
                ])),
            .init("Mounts", .list(.init(record.volumes.map(Self.mount)))),
            .init("Config", config(record)),
        ])
    }

    private func state(_ record: ContainerRecord, _ state: ContainerState) -> Value {
        var status = "created"
        var code: Int64 = 0
        switch state {
        case .created: break
        case .running: status = "running"
        case .exited(let exit):
            status = "exited"
            code = Int64(exit)
        }
        let never = "0001-01-01T00:00:00Z"
        return .object([
            .init("Status", .string(status)), .init("Running", .bool(state == .running)),
            .init("ExitCode", .integer(code)),
            .init("StartedAt", .string(record.started?.description ?? never)),
            .init("FinishedAt", .string(record.finished?.description ?? never)),
        ])
    }

    private static func mount(_ volume: String) -> Value {
        let parts = volume.split(separator: ":").map(String.init)
        return .object([
            .init("Type", .string("bind")), .init("Source", .string(parts.first ?? "")),
            .init("Destination", .string(parts.count > 1 ? parts[1] : "")),
            .init("RW", .bool(parts.last != "ro")),
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
