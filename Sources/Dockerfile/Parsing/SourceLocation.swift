/// The lines of a file that something stands on, counted from one; the last is included.
public struct SourceLocation: Sendable, Hashable {
    /// The file's name, as the caller gave it.
    public var file: String
    public var firstLine: Int
    public var lastLine: Int

    public init(file: String, firstLine: Int, lastLine: Int) {
        self.file = file
        self.firstLine = firstLine
        self.lastLine = lastLine
    }
}
