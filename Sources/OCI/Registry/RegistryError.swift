/// What a registry did not do, and why: one line that names the registry, the repository and the thing.
public struct RegistryError: Error, Sendable, CustomStringConvertible {
    /// Verb and object, as in `pull blob sha256:…`.
    public let action: String
    /// `localhost:5000/team/app`, or the registry alone.
    public let place: String
    public let reason: RegistryFailure

    public var description: String { "\(action) (\(place)): \(reason)" }
}

/// Why a registry did not do it.
public enum RegistryFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// 401: no credentials, or wrong ones.
    case unauthorized(String)
    /// 403.
    case denied(String)
    /// 404.
    case notFound(String)
    /// 429, after all attempts; seconds that the registry asked to wait.
    case tooManyRequests(retryAfter: Int64?)
    /// Any other status that is no success.
    case status(Int, String)
    /// No answer, or not all of it.
    case transfer(TransferError)
    /// The content is other content.
    case wrongDigest(Digest)
    /// The registry announces or sends another number of bytes than the descriptor says.
    case wrongSize(Int64, expected: Int64)
    /// The content ends too early, again and again.
    case truncated(Int64, expected: Int64)
    /// More bytes than a document may have.
    case tooLarge(limit: Int)
    /// A document that is not what its specification says.
    case document(DocumentError)
    /// No image for the platform; what there is.
    case noPlatform(String, offered: [String])
    /// The registry breaks the protocol.
    case answer(String)
    case credentials(CredentialError)
    /// Our own side: a disk that is full, a file that cannot be read.
    case local(String)

    public var description: String {
        switch self {
        case .unauthorized(let detail): return "not authorised (401)\(Self.tail(detail))"
        case .denied(let detail): return "access denied (403)\(Self.tail(detail))"
        case .notFound(let detail): return "not found (404)\(Self.tail(detail))"
        case .tooManyRequests(let seconds):
            return "too many requests (429)" + (seconds.map { "; the registry asks to wait \($0) s" } ?? "")
        case .status(let status, let detail):
            return (status >= 500 ? "the registry failed (\(status))" : "refused (\(status))") + Self.tail(detail)
        case .transfer(let error): return error.description
        case .wrongDigest(let digest): return "wrong content: its digest is \(digest)"
        case .wrongSize(let size, let expected): return "wrong size: \(size) bytes where \(expected) are promised"
        case .truncated(let size, let expected): return "truncated: ends after \(size) of \(expected) bytes"
        case .tooLarge(let limit): return "larger than \(limit) bytes"
        case .document(let error): return error.description
        case .noPlatform(let wanted, let offered):
            return
                "no image for \(wanted); there is \(offered.isEmpty ? "none at all" : offered.joined(separator: ", "))"
        case .answer(let detail): return "the registry breaks the protocol: \(detail)"
        case .credentials(let error): return error.description
        case .local(let detail): return detail
        }
    }

    private static func tail(_ detail: String) -> String { detail.isEmpty ? "" : ": \(detail)" }
}

extension RegistryFailure {
    /// The reason in an answer that is no success. Reads the registry's own words (distribution-spec, "Error codes").
    static func reading(_ response: Response) async -> RegistryFailure {
        let body = (try? await response.body(atMost: 64 << 10)) ?? []
        let detail = words(body)
        switch response.head.status {
        case 401: return .unauthorized(detail)
        case 403: return .denied(detail)
        case 404: return .notFound(detail)
        case 429: return .tooManyRequests(retryAfter: Retries.asked(response.head)?.components.seconds)
        default: return .status(response.head.status, detail)
        }
    }

    private static func words(_ body: [UInt8]) -> String {
        guard var fields = try? Fields(JSONParser.parse(body)) else { return "" }
        if let first = try? fields.array("errors")?.first, var error = try? Fields(first.value) {
            let code = (try? error.string("code")) ?? ""
            let message = (try? error.string("message")) ?? ""
            return printable(message.isEmpty ? code : message)
        }
        // Token servers answer as OAuth (RFC 6749, section 5.2), or with "details".
        for key in ["error_description", "details", "message", "error"] {
            if let text = try? fields.string(key) { return printable(text) }
        }
        return ""
    }
}
