/// One instruction as it stands in the file, before its arguments are understood.
struct Statement {
    var location: SourceLocation
    /// The comment lines right above it, without `#`; a blank line or an empty comment cuts them off.
    let comments: [[UInt8]]
    /// The whole instruction with its continuation lines joined, without here-documents.
    let text: [UInt8]
    /// The first word, as written.
    let keyword: [UInt8]
    /// The words that begin with `--`, quotes removed.
    let flags: [[UInt8]]
    /// All that follows the flags, trimmed.
    let rest: [UInt8]
    var heredocs: [Heredoc] = []
    /// A line of the file where a continuation was empty.
    var emptyContinuation: Int?

    /// - Parameter escape: the escape character, which counts in the flags too.
    init(_ text: [UInt8], comments: [[UInt8]], escape: UInt8, at location: SourceLocation) {
        self.location = location
        self.comments = comments
        self.text = text
        let trimmed = text[...].trimmed
        let end = trimmed.firstIndex(where: Self.endsKeyword) ?? trimmed.endIndex
        keyword = Array(trimmed[..<end])
        var splitter = FlagSplitter(trimmed[end...].drop(while: Self.endsKeyword), escape: escape)
        flags = splitter.flags()
        rest = Array(splitter.rest.trimmed)
    }

    /// The white space that ends the keyword, and separates words where quotes mean nothing: not the line feed.
    static func endsKeyword(_ byte: UInt8) -> Bool { byte.isSpace && byte != .lineFeed }

    /// The words of a text that white space separates, quotes left alone.
    static func words(of text: [UInt8]) -> [[UInt8]] {
        text.split(whereSeparator: endsKeyword).map { Array($0) }
    }
}

/// Takes the flags off the front of an instruction's arguments; `--` alone ends them.
private struct FlagSplitter {
    private(set) var rest: ArraySlice<UInt8>
    private let escape: UInt8

    init(_ text: ArraySlice<UInt8>, escape: UInt8) {
        rest = text
        self.escape = escape
    }

    mutating func flags() -> [[UInt8]] {
        var flags: [[UInt8]] = []
        while true {
            rest = rest.drop(while: \.isSpace)
            guard rest.starts(with: "--") else { return flags }
            let word = word()
            if word == "--" { return flags }
            flags.append(word)
        }
    }

    private mutating func word() -> [UInt8] {
        var word: [UInt8] = []
        var quote: UInt8?
        var index = rest.startIndex
        while index < rest.endIndex {
            let byte = rest[index]
            index += 1
            if byte == escape {
                guard index < rest.endIndex else { break }
                word.append(rest[index])
                index += 1
            } else if byte == quote {
                quote = nil
            } else if quote != nil {
                word.append(byte)
            } else if byte == .doubleQuote || byte == .singleQuote {
                quote = byte
            } else if byte.isSpace {
                index -= 1
                break
            } else {
                word.append(byte)
            }
        }
        rest = rest[index...]
        return word
    }
}
