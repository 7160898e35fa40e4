/// How far one blob of an image has come on its way to or from a registry.
public struct TransferProgress: Equatable, Sendable {
    public enum State: Equatable, Sendable {
        case waiting
        /// Bytes that have moved.
        case moving(Int64)
        /// It was there already.
        case existed
        /// The registry took it from another of its repositories.
        case mounted
        case done
    }

    public let blob: ContentDescriptor
    public let state: State
}

/// Told of every step, from any thread, and often: whoever shows it decides how seldom.
public typealias TransferObserver = @Sendable (TransferProgress) -> Void
