/// The lines of a file, one at a time, with what ends them.
struct LineReader {
    private let bytes: [UInt8]
    private var position: Int
    /// The number of the line read last; zero before the first.
    private(set) var number = 0

    /// - Parameter bytes: the file. A byte order mark at its front is passed over.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.count else { return nil }
        let end = bytes[position...].firstIndex(of: .lineFeed).map { $0 + 1 } ?? bytes.count
        defer { position = end }
        number += 1
        return bytes[position..<end]
    }
}

extension ArraySlice<UInt8> {
    /// Without the carriage returns and the line feed that end a line.
    var withoutLineEnd: ArraySlice<UInt8> {
        var end = endIndex
        while end > startIndex, self[end - 1] == .lineFeed || self[end - 1] == .carriageReturn { end -= 1 }
        return self[..<end]
    }
}
