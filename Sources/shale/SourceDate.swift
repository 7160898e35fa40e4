import Glibc

/// SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch).
enum SourceDate {
    /// Seconds since 1970; nil where it is not set.
    ///
    /// - Throws: ``Failure`` for what is no number.
    static func epoch() throws -> Int64? {
        guard let text = getenv("SOURCE_DATE_EPOCH").map({ String(cString: $0) }), !text.isEmpty else { return nil }
        guard let seconds = Int64(text), seconds >= 0 else {
            throw Failure.used("read SOURCE_DATE_EPOCH: \"\(text)\" is no number of seconds")
        }
        return seconds
    }
}
