/// Puts the lines of a Dockerfile together to statements: comments, continuations, here-documents.
struct StatementReader {
    private var lines: LineReader
    private let file: String
    private var directives = DirectiveSearch()
    private(set) var escape: UInt8 = .backslash

    init(_ bytes: [UInt8], file: String) {
        lines = LineReader(bytes)
        self.file = file
    }

    private func location(from first: Int) -> SourceLocation {
        SourceLocation(file: file, firstLine: first, lastLine: max(first, lines.number))
    }

    /// The next statement; nil at the end of the file.
    mutating func next() throws(DockerfileError) -> Statement? {
        var comments: [[UInt8]] = []
        while let line = lines.next() {
            let first = lines.number
            let content = line.withoutLineEnd.trimmedFront
            do {
                if try readDirective(content) { continue }
            } catch {
                throw DockerfileError(error, at: location(from: first))
            }
            if content.first == .hash {
                // BuildKit drops the first byte, whatever white space stands before the '#'.
                let comment = Array(line.dropFirst().trimmed)
                if comment.isEmpty { comments = [] } else { comments.append(comment) }
                continue
            }
            guard !content.isEmpty else {
                comments = []
                continue
            }
            return try statement(content, comments: comments, first: first)
        }
        return nil
    }

    private mutating func readDirective(_ content: ArraySlice<UInt8>) throws(Complaint) -> Bool {
        guard let directive = try directives.read(content) else { return false }
        if directive.name == .escape {
            guard directive.value == "\\" || directive.value == "`" else {
                throw Complaint("escape must be a backslash or a backtick", directive.value)
            }
            escape = directive.value[0]
        }
        return true
    }

    private mutating func statement(
        _ content: ArraySlice<UInt8>, comments: [[UInt8]], first: Int
    ) throws(DockerfileError) -> Statement {
        var (part, continues) = withoutContinuation(content)
        var text = Array(part)
        var hasEmptyLine = false
        while continues, let line = lines.next()?.withoutLineEnd {
            let visible = line.trimmedFront
            if visible.isEmpty {
                hasEmptyLine = true
            } else if visible.first != .hash {
                (part, continues) = withoutContinuation(line)
                text += part
            }
        }
        var statement = Statement(text, comments: comments, escape: escape, at: location(from: first))
        if hasEmptyLine { statement.emptyContinuation = lines.number }
        do {
            guard statement.text.containsPair(.lessThan), statement.takesHeredocs(escape: escape) else {
                return statement
            }
            for announced in try Heredoc.announced(in: text) {
                statement.heredocs.append(try read(announced))
            }
        } catch {
            throw DockerfileError(error, at: location(from: first))
        }
        statement.location = location(from: first)
        return statement
    }

    /// The line without an escape character that ends it, white space after it allowed; two of them are none.
    private func withoutContinuation(_ line: ArraySlice<UInt8>) -> (part: ArraySlice<UInt8>, continues: Bool) {
        var end = line.endIndex
        while end > line.startIndex, line[end - 1] == .space || line[end - 1] == .tab { end -= 1 }
        guard end > line.startIndex, line[end - 1] == escape,
            end - 1 == line.startIndex || line[end - 2] != escape
        else { return (line, false) }
        return (line[..<(end - 1)], true)
    }

    private mutating func read(_ announced: Heredoc) throws(Complaint) -> Heredoc {
        var heredoc = announced
        while let line = lines.next() {
            var candidate = line.withoutLineEnd
            if heredoc.stripsTabs { candidate = candidate.drop { $0 == .tab } }
            if candidate.elementsEqual(heredoc.name) { return heredoc }
            heredoc.content += line
        }
        throw Complaint("unterminated heredoc", heredoc.name)
    }
}

extension Statement {
    /// Whether `<<` means something: in `ADD`, `COPY` and `RUN`, also behind `ONBUILD`, and not in the JSON form.
    fileprivate func takesHeredocs(escape: UInt8) -> Bool {
        var statement = self
        if statement.keyword.lowercased == "onbuild" {
            statement = Statement(statement.rest, comments: [], escape: escape, at: location)
        }
        let keyword = statement.keyword.lowercased
        guard keyword == "add" || keyword == "copy" || keyword == "run" else { return false }
        if case .strings = StringArray(statement.rest) { return false }
        return true
    }
}

extension [UInt8] {
    fileprivate func containsPair(_ byte: UInt8) -> Bool {
        var previous: UInt8?
        for current in self {
            if current == byte, previous == byte { return true }
            previous = current
        }
        return false
    }
}
