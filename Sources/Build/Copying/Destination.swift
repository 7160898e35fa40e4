import Dockerfile

/// Where a `COPY`, an `ADD` or a `WORKDIR` leads.
public struct Destination: Equatable, Sendable {
    /// Absolute, shortened, without a slash at its end but for the root.
    public let path: [UInt8]
    /// It is written as a directory: with a slash at its end, or as `.`, or not at all.
    public let isDirectory: Bool

    /// - Parameters:
    ///   - written: variables expanded.
    ///   - workingDirectory: what a relative path is relative to.
    public init(_ written: [UInt8], workingDirectory: [UInt8] = Array("/".utf8)) {
        let isRelative = written.first != .slash
        path = CleanPath.clean([.slash] + (isRelative ? workingDirectory + [.slash] + written : written))
        isDirectory =
            written.isEmpty || written.last == .slash || written == [.dot] || written.suffix(2) == [.slash, .dot]
    }
}
