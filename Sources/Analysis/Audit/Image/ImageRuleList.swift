/// The rules about the files of an image.
extension AuditRule {
    static let setUserID = AuditRule(
        "set-uid", nil, .medium, "A program is set-uid",
        because: "Whoever runs it becomes its owner, mostly root; most ways to root in a container go through one.",
        remedy: "RUN chmod u-s PATH, in the layer that brings it; or `shale audit --fix`, `shale build --strip-setid`")
    static let setGroupID = AuditRule(
        "set-gid", nil, .low, "A program is set-gid", because: "Whoever runs it gets its group.",
        remedy: "RUN chmod g-s PATH, in the layer that brings it; or `shale audit --fix`")
    static let fileCapability = AuditRule(
        "file-capability", nil, .medium, "A program has file capabilities",
        because: "Whoever runs it gets a part of root's power.", remedy: "RUN setcap -r PATH")
    static let worldWritableFile = AuditRule(
        "world-writable-file", nil, .medium, "Everybody can write a file",
        because: "Any process of the container can change it, whoever it runs as.", remedy: "RUN chmod o-w PATH")
    static let worldWritableDirectory = AuditRule(
        "world-writable-directory", nil, .medium, "Everybody can write a directory without sticky bit",
        because: "Any process can remove and replace files of others in it.",
        remedy: "RUN chmod o-w PATH, or chmod +t PATH where everybody must write")
    static let deviceNode = AuditRule(
        "device-node", nil, .medium, "The image has a device node",
        because: "Devices are the engine's to give; a node for a disk in an image opens the disk where it may.",
        remedy: "Leave it out; the container engine makes /dev.")
    static let passwordEmpty = AuditRule(
        "password-empty", nil, .high, "An account has an empty password",
        because: "Anybody can log in as it, by su, sshd or a console.", remedy: "RUN passwd -l NAME")
    static let passwordHash = AuditRule(
        "password-hash", nil, .medium, "An account has a password",
        because: "Everybody who can pull the image can guess the password offline, and all containers share it.",
        remedy: "RUN passwd -d NAME && passwd -l NAME; log in by keys, or not at all")
    static let accountDuplicate = AuditRule(
        "account-duplicate", nil, .low, "Two accounts or groups share a name or number",
        because: "Each can do what the other can, and which name is shown is a matter of order.",
        remedy: "Give each its own number and name.")
    static let authorizedKeys = AuditRule(
        "authorized-keys", nil, .medium, "Keys that may log in are part of the image",
        because: "Every container of the image lets their owners in.", remedy: "Mount the file when the container runs."
    )
    static let packageCache = AuditRule(
        "package-cache", nil, .info, "Package lists or caches were left behind",
        because: "They are of no use in the image, and old the next day.",
        remedy: "Remove them in the RUN that made them: rm -rf PATH")
    static let gitDirectory = AuditRule(
        "git-directory", nil, .medium, "The image has a .git directory",
        because: "It holds every version of every file, those with secrets that were removed included.",
        remedy: "Add .git to .dockerignore.")
    static let shellHistory = AuditRule(
        "shell-history", nil, .low, "The image has a shell's history",
        because: "Commands are written down with the passwords in them.",
        remedy: "RUN rm PATH, in the layer that made it")

    static let imageRules = [
        setUserID, setGroupID, fileCapability, worldWritableFile, worldWritableDirectory, deviceNode, passwordEmpty,
        passwordHash, accountDuplicate, authorizedKeys, packageCache, gitDirectory, shellHistory,
    ]
}
