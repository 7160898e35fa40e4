public import OCI

extension Mending {
    /// A line for people.
    public var text: String {
        switch action {
        case .mode(let old, let new): "\(Self.octal(old)) -> \(Self.octal(new)) /\(oneLine(path))"
        case .removal(let bytes): "removed /\(oneLine(path)) (\(bytes) bytes)"
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    fileprivate var json: JSON {
        let path = JSON.string("/" + String(decoding: self.path, as: UTF8.self))
        switch action {
        case .mode(let old, let new):
            return .members([
                "path": path, "layer": .integer(layer), "from": .string(Self.octal(old)),
                "to": .string(Self.octal(new)),
            ])
        case .removal(let bytes):
            return .members(["path": path, "layer": .integer(layer), "removed": .integer(bytes)])
        }
    }
}

extension ImageMender.Result {
    /// The result as JSON: `image`, `id`, `layer`, `mended`, `dockerfile`.
    public var json: JSON {
        .members([
            "image": image.map { .string($0.digest.description) }, "id": id.map { .string($0.description) },
            "layer": layer.map { .string($0.diffID.description) }, "mended": .array(mendings.map(\.json)),
            "dockerfile": JSON(dockerfileLines),
        ])
    }
}
