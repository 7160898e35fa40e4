/// A stage: `FROM [--platform=PLATFORM] BASE [AS NAME]` and the instructions up to the next one.
public struct Stage: Sendable {
    public let location: SourceLocation
    /// `FROM` as written.
    public let keyword: String
    /// `AS` as written; nil when the stage has no name.
    public let asKeyword: String?
    public let source: [UInt8]
    public let comments: [[UInt8]]
    /// An image, another stage or `scratch`, not yet expanded.
    public let base: [UInt8]
    public let platform: [UInt8]?
    /// In lower case, as names of stages are compared.
    public let name: String?
    /// The name as written.
    let writtenName: [UInt8]?
    public internal(set) var instructions: [Instruction] = []

    /// What a comment `# NAME …` above it says about it.
    public var description: [UInt8]? { name.flatMap { comments.description(of: Array($0.utf8)) } }

    init(_ statement: Statement) throws(Complaint) {
        let words = Statement.words(of: statement.rest)
        if words.count == 3, words[1].lowercased == "as" {
            let lowercased = words[2].lowercased
            guard Self.isName(lowercased) else {
                throw Complaint(
                    "invalid name for build stage, it can't start with a number or contain symbols", words[2])
            }
            name = String(decoding: lowercased, as: UTF8.self)
            asKeyword = String(decoding: words[1], as: UTF8.self)
            writtenName = words[2]
        } else if words.count == 3, nearest(to: words[1].lowercased, among: ["as"]) != nil {
            throw Complaint("FROM requires either one or three arguments", words[1], suggestion: "AS")
        } else {
            guard words.count == 1 else {
                throw Complaint("FROM requires either one or three arguments", statement.rest)
            }
            (name, asKeyword, writtenName) = (nil, nil, nil)
        }
        base = words[0]
        platform = try Flags(statement.flags, allowed: ["platform": .text]).text("platform")
        location = statement.location
        keyword = String(decoding: statement.keyword, as: UTF8.self)
        source = statement.text.trimmed
        comments = statement.comments
    }

    private static func isName(_ name: [UInt8]) -> Bool {
        guard let first = name.first, first.isLowerLetter else { return false }
        return name.allSatisfy {
            $0.isLowerLetter || $0.isDigit || $0 == .minus || $0 == .underscore || $0 == .dot
        }
    }
}
