/// `RUN --mount`, understood.
public struct Mount: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable { case bind, cache, tmpfs, secret, ssh }
    /// How builds that run at once use one cache.
    public enum Sharing: String, Sendable, CaseIterable { case shared, `private`, locked }

    public var kind: Kind = .bind
    /// A stage, an image or a named context; nil is the build context, or nothing for a cache.
    public var from: [UInt8]?
    public var source: [UInt8]?
    /// Relative to the working directory. nil for a secret or an agent that goes where it goes by default.
    public var target: [UInt8]?
    public var isReadOnly = true
    /// Bytes, for tmpfs.
    public var size: Int?
    /// A cache's, secret's or agent's.
    public var id: [UInt8]?
    public var sharing: Sharing?
    /// A secret or an agent that must be there.
    public var isRequired = false
    /// The variable that holds a secret; the empty name is the secret's own.
    public var environment: [UInt8]?
    public var mode: UInt32?
    public var uid: UInt32?
    public var gid: UInt32?

    private var readOnlyIsWritten = false

    private static let keys = [
        "type", "from", "source", "target", "readonly", "id", "sharing", "required", "size", "mode", "uid", "gid",
        "src", "dst", "destination", "ro", "rw", "readwrite", "env",
    ]

    /// What `from=` says before anything is expanded, which it may not need.
    static func from(in flag: [UInt8]) throws(Complaint) -> [UInt8]? {
        var from: [UInt8]?
        for field in try CommaSeparated.fields(of: flag) {
            guard let (key, value) = field.cut(at: .equalsSign), key.lowercased == "from" else { continue }
            if let dollar = value.firstIndex(of: .dollar), dollar != value.count - 1 {
                throw Complaint("variables are not expanded in from, define a stage with FROM instead", field)
            }
            from = value
        }
        return from?.isEmpty == true ? nil : from
    }

    /// - Parameter expand: applied to each value.
    init(_ flag: [UInt8], expand: ([UInt8]) throws(Complaint) -> [UInt8]) throws(Complaint) {
        for field in try CommaSeparated.fields(of: flag) {
            if let (key, value) = field.cut(at: .equalsSign) {
                try set(String(decoding: key.lowercased, as: UTF8.self), to: try expand(value), in: field)
            } else {
                try set(field)
            }
        }
        if !readOnlyIsWritten { isReadOnly = kind != .cache && kind != .tmpfs }
        try check()
    }

    /// A field without a value.
    private mutating func set(_ field: [UInt8]) throws(Complaint) {
        switch String(decoding: field.lowercased, as: UTF8.self) {
        case "readonly", "ro": (isReadOnly, readOnlyIsWritten) = (true, true)
        case "readwrite", "rw": (isReadOnly, readOnlyIsWritten) = (false, true)
        case "required": isRequired = try allowed(true, for: [.secret, .ssh], "required")
        default: throw Complaint("a field of --mount must be a key=value pair", field)
        }
    }

    private mutating func set(_ key: String, to value: [UInt8], in field: [UInt8]) throws(Complaint) {
        switch key {
        case "type":
            guard let kind = Kind(rawValue: String(decoding: value.lowercased, as: UTF8.self)) else {
                throw Complaint("unsupported mount type", value, knownWords: Kind.allCases.map(\.rawValue))
            }
            self.kind = kind
        case "from": from = value.isEmpty ? nil : value
        case "source", "src": source = value
        case "target", "dst", "destination": target = value
        case "readonly", "ro": (isReadOnly, readOnlyIsWritten) = (try truth(value, key), true)
        case "readwrite", "rw": (isReadOnly, readOnlyIsWritten) = (!(try truth(value, key)), true)
        case "required": isRequired = try allowed(try truth(value, key), for: [.secret, .ssh], key)
        case "size": size = try allowed(try byteCount(value), for: [.tmpfs], key)
        case "id": id = value
        case "sharing":
            guard let sharing = Sharing(rawValue: String(decoding: value.lowercased, as: UTF8.self)) else {
                throw Complaint("unsupported sharing value", value, knownWords: Sharing.allCases.map(\.rawValue))
            }
            self.sharing = sharing
        case "mode": mode = try number(value, base: 8, key)
        case "uid": uid = try number(value, base: 10, key)
        case "gid": gid = try number(value, base: 10, key)
        case "env": environment = value
        default: throw Complaint("unexpected key in --mount", Array(key.utf8), knownWords: Self.keys)
        }
    }

    private func allowed<Value>(_ value: Value, for kinds: [Kind], _ key: String) throws(Complaint) -> Value {
        guard kinds.contains(kind) else { throw Complaint("\(key) is not allowed for \(kind.rawValue) mounts") }
        return value
    }

    private func truth(_ value: [UInt8], _ key: String) throws(Complaint) -> Bool {
        guard let truth = value.truth else { throw Complaint("invalid value for \(key)", value) }
        return truth
    }

    private func number(_ value: [UInt8], base: Int, _ key: String) throws(Complaint) -> UInt32 {
        guard let number = value.number(base: base, atMost: Int(UInt32.max)) else {
            throw Complaint("invalid value for \(key)", value)
        }
        return UInt32(truncatingIfNeeded: number)
    }

    private func byteCount(_ value: [UInt8]) throws(Complaint) -> Int {
        guard let size = ByteCount.parse(value) else { throw Complaint("invalid value for size", value) }
        return size
    }

    private func check() throws(Complaint) {
        if mode != nil || uid != nil || gid != nil {
            _ = try allowed((), for: [.secret, .ssh, .cache], "mode, uid or gid")
        }
        if sharing != nil { _ = try allowed((), for: [.cache], "sharing") }
        guard kind == .secret else { return }
        if from != nil { throw Complaint("a secret mount should not have a from") }
        if source == nil, target == nil, id == nil { throw Complaint("a secret mount needs an id, source or target") }
        if source != nil, id != nil { throw Complaint("a secret mount cannot have both source and id") }
    }
}
