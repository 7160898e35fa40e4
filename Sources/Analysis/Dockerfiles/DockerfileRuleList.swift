/// The rules about instructions of a Dockerfile other than `RUN`.
extension AuditRule {
    static let baseUntagged = AuditRule(
        "base-untagged", "DL3006", .medium, "The base image has no tag",
        because: "Without a tag it is `latest`, which is another image tomorrow.",
        remedy: "Name a version, and better its digest: FROM debian:12@sha256:…")
    static let baseLatest = AuditRule(
        "base-latest", "DL3007", .medium, "The base image is tagged latest",
        because: "`latest` is another image tomorrow; builds of one file differ, and nobody sees why.",
        remedy: "Name a version, and better its digest: FROM debian:12@sha256:…")
    static let baseUndigested = AuditRule(
        "base-undigested", nil, .info, "The base image is not pinned by digest",
        because: "A tag can be moved to another image, by its owner or by whoever has his password.",
        remedy: "Add the digest that `shale inspect -f '{{.RepoDigests}}'` shows: FROM name:tag@sha256:…")
    static let baseUntrusted = AuditRule(
        "base-untrusted", "DL3026", .high, "The base image comes from a registry that is not trusted",
        because: "The configuration file lists the registries that bases may come from.",
        remedy: "Use a base from a trusted registry, or add the registry to trustedRegistries.")
    static let basePlatform = AuditRule(
        "base-platform", "DL3029", .low, "FROM has a constant --platform",
        because: "The image is then built for that platform whatever was asked for.",
        remedy: "Leave it to `shale build --platform`, or write $BUILDPLATFORM where the stage only produces files.")
    static let basePlatformRedundant = AuditRule(
        "base-platform-redundant", "DL3065", .info, "FROM --platform=$TARGETPLATFORM is the default",
        because: "It says nothing and looks as if it did.", remedy: "Remove the flag.")
    static let stageRepeated = AuditRule(
        "stage-name-repeated", "DL3024", .high, "Two stages have the same name",
        because: "Which of them COPY --from and --target mean is a matter of their order.",
        remedy: "Give each stage a name of its own.")
    static let stageReserved = AuditRule(
        "stage-name-reserved", "DL3063", .medium, "The stage's name is reserved",
        because: "`scratch` and `context` mean something else in FROM and in --from.", remedy: "Choose another name.")
    static let userRoot = AuditRule(
        "user-root", "DL3002", .medium, "The last USER of the stage is root",
        because: "What breaks out of the program, or out of the container, is root.",
        remedy: "End with a user of its own: USER 10001:10001")
    static let userMissing = AuditRule(
        "user-missing", nil, .low, "The image's stage sets no USER",
        because: "Unless the base says otherwise, the container runs as root.",
        remedy: "Add a user and switch to it at the end: USER 10001:10001")
    static let userByName = AuditRule(
        "user-by-name", "DL3066", .info, "USER is a name, not a number",
        because: "Orchestrators that refuse root (runAsNonRoot) cannot tell what a name stands for.",
        remedy: "Write the number: USER 10001:10001")
    static let workdirRelative = AuditRule(
        "workdir-relative", "DL3000", .medium, "WORKDIR is relative",
        because: "Where it leads depends on the base and on the lines before.",
        remedy: "Write the whole path: WORKDIR /srv/app")
    static let portInvalid = AuditRule(
        "port-invalid", "DL3011", .high, "EXPOSE names a port that does not exist",
        because: "Ports are numbers up to 65535.", remedy: "Write the port that the program listens on.")
    static let healthcheckRepeated = AuditRule(
        "healthcheck-repeated", "DL3012", .medium, "The stage has several HEALTHCHECK",
        because: "Only the last one counts.", remedy: "Keep one.")
    static let commandRepeated = AuditRule(
        "cmd-repeated", "DL4003", .medium, "The stage has several CMD", because: "Only the last one counts.",
        remedy: "Keep one.")
    static let entrypointRepeated = AuditRule(
        "entrypoint-repeated", "DL4004", .medium, "The stage has several ENTRYPOINT",
        because: "Only the last one counts.", remedy: "Keep one.")
    static let shellForm = AuditRule(
        "shell-form", "DL3025", .low, "The command is in the shell form",
        because: "A shell is process 1 then, and signals such as that of `stop` do not reach the program.",
        remedy: "Write a JSON array: CMD [\"program\", \"argument\"]")
    static let environmentSelf = AuditRule(
        "env-self-reference", "DL3044", .medium, "ENV uses a variable that the same line sets",
        because: "All values of a line are expanded before any is set: the old value is used, or none.",
        remedy: "Set the variable on a line before.")
    static let labelKey = AuditRule(
        "label-key", "DL3048", .info, "The label's key is not of the usual form",
        because: "Keys are lower-case letters, digits, single dots and hyphens; com.docker and the like are reserved.",
        remedy: "Use a key such as org.example.name.")
    static let maintainer = AuditRule(
        "maintainer", "DL4000", .low, "MAINTAINER is deprecated", because: "Tools no longer show it.",
        remedy: "LABEL org.opencontainers.image.authors=\"…\"")
    static let secretName = AuditRule(
        "secret-name", "DL3064", .medium, "ARG or ENV is named like a secret",
        because: "Values of ENV stay in the image, those of ARG in its history, for everybody who can pull it.",
        remedy: "Pass it for one command only: RUN --mount=type=secret,id=…")
    static let secretWritten = AuditRule(
        "secret-written", nil, .critical, "A secret stands in the Dockerfile",
        because: "It is in the file's history and in the image's, for everybody who can read either.",
        remedy: "Revoke it, and pass the new one by RUN --mount=type=secret,id=…")
    static let exposeSSH = AuditRule(
        "expose-ssh", nil, .medium, "Port 22 is exposed",
        because: "A container with sshd has two ways in, keys to manage and a second process to supervise.",
        remedy: "Remove EXPOSE 22; use `exec` of the container engine.")
    static let volumeSystem = AuditRule(
        "volume-system", nil, .medium, "A volume covers a system directory",
        because: "What the image has there is copied once, then hidden: updates of the image no longer show.",
        remedy: "Keep volumes for data: VOLUME /var/lib/…")
    static let addLocal = AuditRule(
        "add-local", "DL3020", .low, "ADD copies what COPY would",
        because: "ADD also fetches and unpacks: what it does depends on what it is given.", remedy: "Use COPY.")
    static let addUnverified = AuditRule(
        "add-unverified", nil, .medium, "ADD fetches from the network without a checksum",
        because: "Whatever the server sends becomes part of the image.",
        remedy: "ADD --checksum=sha256:… URL DESTINATION")
    static let archiveByRun = AuditRule(
        "archive-unpacked-by-run", "DL3010", .info, "An archive is copied and then unpacked",
        because: "The archive stays in its layer.", remedy: "ADD unpacks local archives by itself.")
    static let copyDestination = AuditRule(
        "copy-destination", "DL3021", .high, "COPY has several sources and a destination without a slash at its end",
        because: "The build fails: several sources need a directory.", remedy: "End the destination with /.")
    static let copyFromUnknown = AuditRule(
        "copy-from-unknown", "DL3022", .medium, "COPY --from names no stage before it",
        because: "It is then an image of that name, unpinned, from a registry.",
        remedy: "Name a stage; for an image, give it a FROM with a tag or digest.")
    static let copyFromSelf = AuditRule(
        "copy-from-self", "DL3023", .high, "COPY --from names its own stage", because: "The build fails.",
        remedy: "Name a stage before this one.")
    static let copyRelative = AuditRule(
        "copy-relative", "DL3045", .low, "COPY to a relative path without a WORKDIR",
        because: "Where it leads depends on the base.", remedy: "Set WORKDIR before, or write the whole path.")
    static let copyRoot = AuditRule(
        "copy-root", "DL3067", .medium, "COPY takes the whole file system of another stage",
        because: "Everything of the build comes along: tools, caches, secrets.",
        remedy: "Copy what is needed, by name.")

    static let dockerfileRules = [
        baseUntagged, baseLatest, baseUndigested, baseUntrusted, basePlatform, basePlatformRedundant, stageRepeated,
        stageReserved, userRoot, userMissing, userByName, workdirRelative, portInvalid, healthcheckRepeated,
        commandRepeated, entrypointRepeated, shellForm, environmentSelf, labelKey, maintainer, secretName,
        secretWritten, exposeSSH, volumeSystem, addLocal, addUnverified, archiveByRun, copyDestination,
        copyFromUnknown, copyFromSelf, copyRelative, copyRoot,
    ]
}
