public import Dockerfile
public import Linux

/// How copied objects look.
public struct CopyOptions: Sendable {
    /// Of everything that is copied or made (`--chown`); nil keeps the owners of trees that keep them, and makes the rest root's.
    public var owner: Owner?
    /// `--chmod`.
    public var mode: ModeChange?
    /// No file is younger (`SOURCE_DATE_EPOCH`).
    public var latest: Timestamp?
    /// Whatever is in the way gives way, as for `--link`.
    public var replaces = false
    /// Ends the copying early.
    public var interruption: Interruption?
    /// Told what could not be kept; copying goes on.
    public var lost: @Sendable (Loss) -> Void

    public init(
        owner: Owner? = nil, mode: ModeChange? = nil, latest: Timestamp? = nil, replaces: Bool = false,
        interruption: Interruption? = nil, lost: @escaping @Sendable (Loss) -> Void = { _ in }
    ) {
        self.owner = owner
        self.mode = mode
        self.latest = latest
        self.replaces = replaces
        self.interruption = interruption
        self.lost = lost
    }

    /// What this process, or the file system, may not give an object.
    public struct Loss: Equatable, Sendable {
        public enum Kind: Equatable, Sendable {
            case owner(Owner)
            case attribute([UInt8])
            /// The object itself is not there.
            case device(mode: UInt32, number: UInt64)
        }

        /// In the destination root, without a slash in front.
        public let path: [UInt8]
        public let kind: Kind
        public let cause: Errno
    }
}
