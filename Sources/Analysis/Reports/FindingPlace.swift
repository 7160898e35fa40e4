internal import Dockerfile

/// How places are written in reports.
extension AuditFinding.Place {
    /// `FILE:LINE`, `/PATH (layer N)`, `config.User`, `history[N]`.
    public var description: String {
        switch self {
        case .dockerfile(let location): "\(displayed(location.file)):\(location.firstLine)"
        case .file(let path, let layer): "/\(oneLine(path)) (layer \(layer.number + 1))"
        case .configuration(let member): member
        case .history(let number, _): "history[\(number)]"
        }
    }

    /// The instruction that brought it, as the history has it.
    public var instruction: String? {
        switch self {
        case .file(_, let layer): layer.createdBy
        case .history(_, let createdBy): createdBy
        default: nil
        }
    }
}
