import CCurl
import Glibc

/// When a request that failed is sent again, and after how long.
public struct Retries: Sendable {
    /// Times that a request is sent at all.
    public var attempts = 5
    /// The same where not even a connection was made: most often there is nobody.
    public var unreachable = 2
    /// Before the second attempt; doubled before each further one, with a random part of up to half.
    public var first: Duration = .milliseconds(500)
    public var longest: Duration = .seconds(30)
    /// What a server may ask for by `Retry-After`; a longer wait is not begun.
    public var longestAsked: Duration = .seconds(120)

    public init() {}

    /// No second attempt: for requests that are not the same when they are sent again.
    public static let once = {
        var retries = Retries()
        retries.attempts = 1
        return retries
    }()

    private static let passing: Set<Int> = [408, 429, 500, 502, 503, 504]

    /// Nil when the answer stands.
    func pause(after attempt: Int, _ head: ResponseHead) -> Duration? {
        guard Self.passing.contains(head.status), attempt < attempts else { return nil }
        guard let asked = Self.asked(head) else { return pause(after: attempt) }
        return asked <= longestAsked ? asked : nil
    }

    /// Nil when the error stands.
    func pause(after attempt: Int, _ error: TransferError) -> Duration? {
        guard error.passes, error.kind != .connection || attempt < unreachable else { return nil }
        return pause(after: attempt)
    }

    /// Nil when no attempt is left.
    func pause(after attempt: Int) -> Duration? {
        guard attempt < attempts else { return nil }
        let doubled = first * (1 << min(attempt - 1, 16))
        let wait = min(doubled, longest)
        return wait + .milliseconds(Int64.random(in: 0...max(1, wait.milliseconds / 2)))
    }

    /// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
    static func asked(_ head: ResponseHead) -> Duration? {
        guard let text = head.headers["Retry-After"] else { return nil }
        if let seconds = Int64(text) { return seconds >= 0 ? .seconds(min(seconds, 1 << 40)) : nil }
        let date = cc_getdate(text)
        return date < 0 ? nil : .seconds(max(0, date - Int64(time(nil))))
    }
}
