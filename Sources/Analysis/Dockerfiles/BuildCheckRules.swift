internal import Dockerfile

/// BuildKit's build checks as rules of an audit, by their own names.
extension AuditRule {
    static let buildChecks = CheckRule.allCases.map { check in
        AuditRule(
            check.rawValue, nil, severity(of: check), check.summary,
            because: "A build check of BuildKit: see https://docs.docker.com/reference/build-checks/.",
            remedy: "Change the line as the message says, or skip the check with # check=skip=\(check.rawValue)")
    }

    static func of(_ check: CheckRule) -> AuditRule? { buildChecks.first { $0.id == check.rawValue } }

    private static func severity(of check: CheckRule) -> Severity {
        switch check {
        case .secretsUsedInArgOrEnv, .undefinedArgInFrom, .invalidDefaultArgInFrom, .copyIgnoredFile,
            .invalidBaseImagePlatform, .duplicateStageName, .reservedStageName:
            .medium
        case .stageNameCasing, .fromAsCasing, .consistentInstructionCasing, .redundantTargetPlatform,
            .invalidDefinitionDescription, .exposeProtoCasing:
            .info
        default: .low
        }
    }

    /// The check that says the same: of the two, a line gets only the rule.
    var equivalentCheck: CheckRule? {
        switch self {
        case .stageRepeated: .duplicateStageName
        case .stageReserved: .reservedStageName
        case .shellForm: .jsonArgsRecommended
        case .maintainer: .maintainerDeprecated
        case .secretName, .secretWritten: .secretsUsedInArgOrEnv
        case .basePlatformRedundant: .redundantTargetPlatform
        case .basePlatform: .fromPlatformFlagConstDisallowed
        case .commandRepeated, .entrypointRepeated, .healthcheckRepeated: .multipleInstructionsDisallowed
        case .workdirRelative: .workdirRelativePath
        default: nil
        }
    }
}
