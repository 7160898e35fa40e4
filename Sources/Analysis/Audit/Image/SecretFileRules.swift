internal import OCI

/// Secrets in files, those included that a later layer removes: whoever has the image has the layer.
enum SecretFileRules {
    static func check(_ visitor: AuditVisitor, of layer: Int, _ tree: VisibleTree, _ report: inout ImageReport) {
        for secret in visitor.secrets {
            let isKey = secret.match.kind == .privateKey || secret.match.kind == .encryptedKey
            report.add(
                isKey ? .privateKey : .tokenInFile, secret.path, layer: layer,
                secret.match.description + removed(secret.path, layer, tree), severity: severity(of: secret))
        }
        for file in visitor.credentials {
            report.add(.credentialsFile, file.path, layer: layer, file.form + removed(file.path, layer, tree))
        }
    }

    /// What everybody can have who installs the same package is a secret of nobody.
    private static func severity(of secret: AuditVisitor.Secret) -> Severity? {
        if PublicPlace.isInstalled(secret.path) { return secret.match.kind == .token ? .medium : .low }
        switch secret.match.kind {
        case .encryptedKey, .clientKey: return .medium
        case .privateKey, .token: return nil
        }
    }

    private static func removed(_ path: [UInt8], _ layer: Int, _ tree: VisibleTree) -> String {
        guard let remover = tree.remover(of: path, in: layer) else { return "" }
        return " (removed or replaced in layer \(remover + 1), and still in this one)"
    }
}
