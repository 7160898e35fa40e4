/// Why an image was not inspected: "verb object: cause", one line.
public struct AnalysisError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// Runs what fails in its own way; its words become ours.
    @discardableResult
    static func wrapping<Result: ~Copyable, Failure: Error & CustomStringConvertible>(
        _ prefix: @autoclosure () -> String = "", _ body: () throws(Failure) -> Result
    ) throws(AnalysisError) -> Result {
        do throws(Failure) { return try body() } catch { throw AnalysisError(prefix() + error.description) }
    }
}
