/// What a layer may cost whoever unpacks it.
public struct LayerLimits: Equatable, Sendable {
    /// Bytes of the tar.
    public var tarSize: Int64
    /// The tar may be this many times the blob, beyond ``allowance``.
    public var ratio: Int64
    /// Bytes that are free of the ratio: an image's zeros and logs compress well.
    public var allowance: Int64
    /// Entries, which cost inodes.
    public var entries: Int
    /// Bytes of all names and attributes, which cost memory while directories wait for their times.
    public var names: Int

    public init(
        tarSize: Int64 = 256 << 30, ratio: Int64 = 200, allowance: Int64 = 1 << 30, entries: Int = 10_000_000,
        names: Int = 512 << 20
    ) {
        self.tarSize = tarSize
        self.ratio = ratio
        self.allowance = allowance
        self.entries = entries
        self.names = names
    }
}

/// Entries against the limits, as they come.
struct EntryCount {
    private let limits: LayerLimits
    private(set) var entries = 0
    private var names = 0

    init(_ limits: LayerLimits) { self.limits = limits }

    mutating func add(_ entry: TarEntry) throws(LayerError) {
        entries += 1
        names += entry.name.count + entry.attributes.reduce(0) { $0 + $1.name.count + $1.value.count }
        guard entries <= limits.entries else {
            throw LayerError(.refused, "unpack layer", "more than \(limits.entries) entries")
        }
        guard names <= limits.names else {
            throw LayerError(.refused, "unpack layer", "more than \(limits.names) bytes of names and attributes")
        }
    }
}
