import Glibc

/// SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/): when what is made was made.
enum SourceDate {
    /// Seconds since 1970; nil where it is not set.
    static var epoch: Int64? {
        get throws {
            guard let text = getenv("SOURCE_DATE_EPOCH").map({ String(cString: $0) }), !text.isEmpty else { return nil }
            guard let seconds = Int64(text), seconds >= 0 else {
                throw Failure.used("read SOURCE_DATE_EPOCH: \"\(text)\" is no number of seconds")
            }
            return seconds
        }
    }

    static var now: Int64 { Int64(time(nil)) }
}
