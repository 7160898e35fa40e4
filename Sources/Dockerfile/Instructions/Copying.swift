/// `ADD` or `COPY`.
public struct Copying: Sendable, Equatable {
    /// Paths, patterns, and for `ADD` URLs and git references.
    public var sources: [[UInt8]]
    /// Sources written in the Dockerfile itself, as here-documents; they are copied after the others.
    public var files: [InlineFile]
    public var destination: [UInt8]
    /// `COPY --from`: a stage's name or number, an image, or a named context. Nothing in it is expanded.
    public var from: [UInt8]?
    /// `USER[:GROUP]`, names or numbers.
    public var owner: [UInt8]?
    /// As written; ``Expansion/mode`` says what it means.
    public var chmod: [UInt8]?
    public var isLink: Bool
    /// `COPY --parents`.
    public var keepsParents = false
    /// Patterns, matched as those of an ignore file.
    public var excludes: [[UInt8]]
    /// `ADD --checksum`.
    public var checksum: [UInt8]?
    /// `ADD --keep-git-dir`; nil when it is not written.
    public var keepsGitDirectory: Bool?
    /// `ADD --unpack`; nil when it is not written: then local archives are unpacked and remote ones are not.
    public var unpacks: Bool?

    /// A file that a here-document makes.
    public struct InlineFile: Sendable, Equatable {
        public var name: [UInt8]
        public var content: [UInt8]
        /// Whether variables in the content are expanded.
        public var expands: Bool
    }

    init(add statement: Statement) throws(Complaint) {
        let flags = try Flags(
            statement.flags,
            allowed: [
                "exclude": .list, "chown": .text, "chmod": .text, "link": .truth, "keep-git-dir": .truth,
                "checksum": .text, "unpack": .truth,
            ])
        try self.init(statement, flags, "ADD")
        checksum = flags.text("checksum")
        keepsGitDirectory = flags.truth("keep-git-dir")
        unpacks = flags.truth("unpack")
    }

    init(copy statement: Statement) throws(Complaint) {
        let flags = try Flags(
            statement.flags,
            allowed: [
                "exclude": .list, "parents": .truth, "chown": .text, "from": .text, "chmod": .text, "link": .truth,
            ])
        try self.init(statement, flags, "COPY")
        keepsParents = flags.truth("parents") ?? false
        from = flags.text("from")
        if let from, try WordLexer(escape: .backslash).expand(from).text != from {
            throw Complaint(
                "variables are not expanded in --from, define a stage with FROM and a global ARG instead", from)
        }
    }

    private init(_ statement: Statement, _ flags: Flags, _ name: String) throws(Complaint) {
        let words = try statement.listedWords
        guard words.count >= 2, let destination = words.last else {
            throw Complaint("\(name) requires at least two arguments, a source and a destination", statement.rest)
        }
        self.destination = destination
        sources = []
        files = []
        let isJSON: Bool
        if case .strings = StringArray(statement.rest) { isJSON = true } else { isJSON = false }
        if !isJSON, (try? Heredoc(word: destination)) != nil {
            throw Complaint("\(name) cannot accept a heredoc as a destination", destination)
        }
        // Of here-documents with one name, the last one counts.
        let heredocs = Dictionary(statement.heredocs.map { ($0.name, $0) }) { $1 }
        for word in words.dropLast() {
            if !isJSON, let announced = try? Heredoc(word: word), let heredoc = heredocs[announced.name] {
                files.append(
                    InlineFile(name: announced.name, content: heredoc.text, expands: announced.expands))
            } else {
                sources.append(word)
            }
        }
        owner = flags.text("chown")
        chmod = flags.text("chmod")
        isLink = flags.truth("link") ?? false
        excludes = flags.list("exclude")
    }
}
