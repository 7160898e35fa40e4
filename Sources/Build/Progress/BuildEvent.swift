/// What happens in a build, as it happens.
public enum BuildEvent: Sendable {
    /// A step begins; its number is unique in the build.
    case started(step: Int, title: String)
    /// Its result is there already.
    case cached(step: Int)
    /// It is not in the cache, and why.
    case missed(step: Int, reason: String)
    /// What its command writes, as it comes.
    case output(step: Int, [UInt8])
    case finished(step: Int, seconds: Double)
    /// The build ends before it is done, for another reason.
    case cancelled(step: Int)
    case failed(step: Int, message: String)
    case warning(String)
}

/// May be called by several threads at once.
public typealias BuildObserver = @Sendable (BuildEvent) -> Void
