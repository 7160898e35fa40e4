/// The rules about what `RUN` runs.
extension AuditRule {
    static let runPointless = AuditRule(
        "run-pointless", "DL3001", .info, "The command makes no sense in a build",
        because: "Processes, mounts and services of a build are gone when it ends.", remedy: "Leave it out.")
    static let runDirectory = AuditRule(
        "run-cd", "DL3003", .info, "RUN changes the directory",
        because: "The change ends with the line; the next one is elsewhere again.", remedy: "Use WORKDIR.")
    static let runSudo = AuditRule(
        "run-sudo", "DL3004", .medium, "RUN uses sudo",
        because: "Builds are root already; sudo is one more set-id program, and passes signals badly.",
        remedy: "Leave it out; use USER to be somebody else.")
    static let runApt = AuditRule(
        "run-apt", "DL3027", .low, "RUN uses apt", because: "apt is for people, its options and output change.",
        remedy: "Use apt-get or apt-cache.")
    static let useraddHighID = AuditRule(
        "useradd-log", "DL3046", .medium, "useradd of a high uid without -l",
        because: "/var/log/lastlog becomes a sparse file of many gigabytes, which is not sparse in a layer.",
        remedy: "useradd -l -u …")
    static let wgetProgress = AuditRule(
        "wget-progress", "DL3047", .info, "wget shows its whole progress",
        because: "The log of the build is full of it.",
        remedy: "wget -nv, or --progress=dot:giga")
    static let wgetAndCurl = AuditRule(
        "wget-and-curl", "DL4001", .info, "The stage uses both wget and curl", because: "Two programs for one thing.",
        remedy: "Use one of them.")
    static let shellByLink = AuditRule(
        "shell-by-link", "DL4005", .medium, "/bin/sh is replaced by a link",
        because: "Scripts of the base's packages are written for its own shell.",
        remedy: "SHELL [\"/bin/bash\", \"-c\"]")
    static let pipefail = AuditRule(
        "pipefail", "DL4006", .medium, "A pipe's failure goes unnoticed",
        because: "A pipe's status is that of its last command: the build goes on with half a download.",
        remedy: "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"] before it")
    static let runConsecutive = AuditRule(
        "run-consecutive", "DL3059", .info, "RUN follows RUN", because: "Each makes a layer of its own.",
        remedy: "Join them with && where they belong together.")
    static let pipeToShell = AuditRule(
        "pipe-to-shell", nil, .medium, "A download is run unseen",
        because: "Whatever the server sends today runs in the build, as root.",
        remedy: "Download to a file, check its sha256sum, then run it.")
    static let downloadUnverified = AuditRule(
        "download-unverified", nil, .high, "Certificates or signatures are not checked",
        because: "Anybody on the way can put something else into the image.",
        remedy: "Remove the option; install ca-certificates or the repository's key.")
    static let runWorldWritable = AuditRule(
        "run-world-writable", nil, .medium, "chmod makes files writable by everybody",
        because: "Any process of the container can change them, whoever it runs as.",
        remedy: "Give them to the user that needs them: COPY --chown, or chmod with less.")
    static let runSetID = AuditRule(
        "run-setid", nil, .medium, "chmod makes a program set-id",
        because: "Who runs it becomes its owner; most ways to root in a container go through such a program.",
        remedy: "Leave it out; run the program as the user that it needs.")

    static let commandRules = [
        runPointless, runDirectory, runSudo, runApt, useraddHighID, wgetProgress, wgetAndCurl, shellByLink, pipefail,
        runConsecutive, pipeToShell, downloadUnverified, runWorldWritable, runSetID,
    ]

    private static func unpinned(_ id: String, _ alias: String, _ manager: String, _ form: String) -> AuditRule {
        AuditRule(
            id, alias, .low, "\(manager) installs without a version", because: "The next build gets another version.",
            remedy: form)
    }

    private static func asking(_ id: String, _ alias: String, _ manager: String) -> AuditRule {
        AuditRule(
            id, alias, .low, "\(manager) asks before it installs",
            because: "Nobody answers in a build: it stops there, or takes the default.", remedy: "Add -y.")
    }

    private static func uncleaned(_ id: String, _ alias: String, _ manager: String, _ remedy: String) -> AuditRule {
        AuditRule(
            id, alias, .info, "\(manager) leaves its cache in the layer",
            because: "A later RUN that removes it does not make the image smaller.", remedy: remedy)
    }

    static let aptUnpinned = unpinned("apt-unpinned", "DL3008", "apt-get", "apt-get install NAME=VERSION")
    static let aptAsks = asking("apt-asks", "DL3014", "apt-get")
    static let aptLists = uncleaned(
        "apt-lists", "DL3009", "apt-get", "End the same RUN with: rm -rf /var/lib/apt/lists/*")
    static let aptRecommends = AuditRule(
        "apt-recommends", "DL3015", .info, "apt-get installs recommended packages too",
        because: "They are more to download, to update and to attack.", remedy: "Add --no-install-recommends.")
    static let apkUnpinned = unpinned("apk-unpinned", "DL3018", "apk", "apk add NAME=VERSION")
    static let apkCache = uncleaned("apk-cache", "DL3019", "apk", "apk add --no-cache")
    static let yumAsks = asking("yum-asks", "DL3030", "yum")
    static let yumCache = uncleaned("yum-cache", "DL3032", "yum", "End the same RUN with: yum clean all")
    static let yumUnpinned = unpinned("yum-unpinned", "DL3033", "yum", "yum install NAME-VERSION")
    static let zypperAsks = asking("zypper-asks", "DL3034", "zypper")
    static let zypperUpgrade = AuditRule(
        "zypper-upgrade", "DL3035", .low, "zypper upgrades the distribution",
        because: "The base becomes another one, by what the repositories hold that day.",
        remedy: "Take a newer base.")
    static let zypperCache = uncleaned("zypper-cache", "DL3036", "zypper", "End the same RUN with: zypper clean")
    static let zypperUnpinned = unpinned("zypper-unpinned", "DL3037", "zypper", "zypper install NAME=VERSION")
    static let dnfAsks = asking("dnf-asks", "DL3038", "dnf")
    static let dnfCache = uncleaned("dnf-cache", "DL3040", "dnf", "End the same RUN with: dnf clean all")
    static let dnfUnpinned = unpinned("dnf-unpinned", "DL3041", "dnf", "dnf install NAME-VERSION")
    static let pipUnpinned = unpinned("pip-unpinned", "DL3013", "pip", "pip install NAME==VERSION, or -r with pins")
    static let pipCache = uncleaned("pip-cache", "DL3042", "pip", "pip install --no-cache-dir")
    static let npmUnpinned = unpinned("npm-unpinned", "DL3016", "npm", "npm install NAME@VERSION, or npm ci")
    static let gemUnpinned = unpinned("gem-unpinned", "DL3028", "gem", "gem install NAME:VERSION")
    static let yarnCache = uncleaned("yarn-cache", "DL3060", "yarn", "yarn install && yarn cache clean")
    static let goUnpinned = unpinned("go-unpinned", "DL3062", "go", "go install NAME@VERSION")

    static let packageRules = [
        aptUnpinned, aptAsks, aptLists, aptRecommends, apkUnpinned, apkCache, yumAsks, yumCache, yumUnpinned,
        zypperAsks, zypperUpgrade, zypperCache, zypperUnpinned, dnfAsks, dnfCache, dnfUnpinned, pipUnpinned, pipCache,
        npmUnpinned, gemUnpinned, yarnCache, goUnpinned,
    ]
}
