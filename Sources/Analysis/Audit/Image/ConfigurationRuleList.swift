/// The rules about the configuration of an image, and about secrets anywhere in it.
extension AuditRule {
    static let imageUserRoot = AuditRule(
        "image-user-root", nil, .medium, "The image runs as root",
        because: "What breaks out of the program, or out of the container, is root.", remedy: "USER 10001:10001")
    static let imageExposeSSH = AuditRule(
        "image-expose-ssh", nil, .medium, "The image exposes port 22",
        because: "A container with sshd has two ways in, keys to manage and a second process to supervise.",
        remedy: "Remove EXPOSE 22 and sshd; use `exec` of the container engine.")
    static let imageVolumeSystem = AuditRule(
        "image-volume-system", nil, .medium, "A volume of the image covers a system directory",
        because: "What the image has there is copied once, then hidden: updates of the image no longer show.",
        remedy: "VOLUME for data only")
    static let imageBaseUnpinned = AuditRule(
        "image-base-unpinned", nil, .low, "The image names its base without a digest",
        because: "Which base it really was cannot be found out, nor whether the base has been mended since.",
        remedy: "FROM NAME:TAG@sha256:…, and the label org.opencontainers.image.base.digest")
    static let imageBaseUnrecorded = AuditRule(
        "image-base-unrecorded", nil, .info, "The image does not say what it was built on",
        because: "Nobody can tell whether its base has been mended since.",
        remedy: "Set org.opencontainers.image.base.name and org.opencontainers.image.base.digest.")
    static let pathRelative = AuditRule(
        "path-relative", nil, .medium, "PATH has a relative or empty element",
        because: "Programs are then also looked for in the working directory, where others may put them.",
        remedy: "ENV PATH=… with whole paths only")

    static let configurationRules = [
        imageUserRoot, imageExposeSSH, imageVolumeSystem, imageBaseUnpinned, imageBaseUnrecorded, pathRelative,
    ]

    private static let leaked = "Everybody who can pull the image has it; removing it in a later layer changes nothing."

    static let privateKey = AuditRule(
        "private-key", nil, .high, "A file holds a private key", because: leaked,
        remedy: "Make a new key, and give it to the container when it runs, or to one RUN by --mount=type=secret")
    static let tokenInFile = AuditRule(
        "token-in-file", nil, .critical, "A file holds a token", because: leaked,
        remedy: "Revoke it; give the new one to the container when it runs, or to one RUN by --mount=type=secret")
    static let credentialsFile = AuditRule(
        "credentials-file", nil, .high, "A file of credentials", because: leaked,
        remedy: "Change the password; give it to one RUN by --mount=type=secret")
    static let secretEnvironment = AuditRule(
        "secret-environment", nil, .high, "A variable of the image holds a secret", because: leaked,
        remedy: "Change it; give it to the container when it runs")
    static let secretLabel = AuditRule(
        "secret-label", nil, .high, "A label of the image holds a secret", because: leaked,
        remedy: "Change it, and leave it out")
    static let secretHistory = AuditRule(
        "secret-history", nil, .high, "The history of the image holds a secret", because: leaked,
        remedy: "Change it; pass it to one RUN by --mount=type=secret, not by ARG or in the command")

    static let secretRules = [
        privateKey, tokenInFile, credentialsFile, secretEnvironment, secretLabel, secretHistory,
    ]
}
