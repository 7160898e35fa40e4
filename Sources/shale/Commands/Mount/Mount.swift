import ArgumentParser
import Glibc

/// `shale mount`: hands over to the mount helper, which returns when the mount answers.
struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mount an ordered stack of directories as one writable tree.",
        usage: """
            shale mount -o lowerdir=A:B[,upperdir=U,workdir=W][,OPTION...] [--foreground] [--verbose] MOUNTPOINT
            shale mount [-o upperdir=U,workdir=W] IMAGE MOUNTPOINT
            """,
        discussion: """
            The leftmost lower is on top. Changes go to the upperdir: a file of a lower is copied there when it is first \
            changed, and a deletion leaves a whiteout (a character device 0/0). The lowers are never written. Without \
            upperdir and workdir, which come together and lie on one filesystem, the mount is read-only. Needs no root: \
            fusermount3 mounts for an ordinary user, mount(2) for root and for root of a user namespace.

            Without a lowerdir the first of two names is an image of the store: its layers are the lowers, unpacked \
            where they are not yet, and kept from prune while they are mounted.

            STACK
              lowerdir=A:B:C[::D]     lowers from top to bottom, at most 500; \\: \\, and \\\\ stand for those \
            characters. What follows '::' gives data only, to metacopy files with an absolute redirect
              lowerdir+=DIR           one more at the bottom, without escapes; datadir+=DIR, one more that gives data
              upperdir=U, workdir=W   where changes go, and a directory on the same filesystem to make them in
              ro                      read-only: the upperdir, if given, is one more lower on top
              immutable               nobody changes the lowers while they are mounted, and the server may read all of \
            them: it need not be told of each file that is opened read-only. So it is for images

            FEATURES (as in the kernel's overlayfs)
              redirect_dir=on|off|follow|nofollow   renaming directories of a lower: on records where they came from; \
            off (the default) answers EXDEV, and mv copies
              metacopy=on|off         chmod, chown and the like copy no data (off)
              index=on|off            hard links of a lower stay linked when one is copied up (on)
              xino=on|off|auto        accepted; inode numbers never collide here
              volatile                nothing is synced; a mark in the workdir refuses the next mount
              userxattr               marks are user.overlay.* also for root
              whiteouts=auto|device|file   how deletions are written; device also makes .wh. names ordinary
              uuid=, verity=off, nfs_export=off   accepted; verity=on and nfs_export=on are refused

            OWNERS (as in fuse-overlayfs)
              squash_to_root, squash_to_uid=N, squash_to_gid=N   show everything as theirs
              uidmapping=L:M:N[:...], gidmapping=...   ids L... of the layers are shown as M..., N of them
              xattr_permissions=0|1|2 record owners and modes in an attribute instead of on the file

            MOUNT
              fsname=NAME, subtype=NAME, allow_other, nosuid, nodev, noexec, noatime   as in mount(8) and fuse(8)
              threads=N, passthrough=on|off, writeback=off|on   how the server works; with writeback=on the
                                                        kernel gathers writes, and a full disk shows in fsync only
              idle=poll|halt          as root of a small virtual machine: whether its idle processors poll while \
            requests keep coming (poll), because to wake one that has halted costs more than most answers
              without=NAME[:NAME...]  leaves out what makes it fast, to measure what it is worth: passthrough, idle, \
            lookout, splice, readdirplus, opendir, open, missing, symlinks, killpriv, acl

            Other options of mount(8) and fuse-overlayfs are accepted without effect; unknown ones are ignored with a \
            warning.

            EXAMPLES
              shale mount -o lowerdir=l1:l2,upperdir=u,workdir=w merged
              shale mount -o lowerdir=/usr,ro /mnt
              buildah --storage-opt overlay.mount_program=$(command -v shalefs) bud .

            A mount ends with shale umount, umount or fusermount3 -u. If its server was killed, mount again over it.
            """)

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("options")],
        help: "Mount options, separated by commas; may be repeated.")
    var options: [String] = []

    @Flag(name: .shortAndLong, help: "Stay in the foreground.")
    var foreground = false

    @Flag(name: .shortAndLong, help: "Say what was found out.")
    var verbose = false

    @Option(name: .customShort("t"), help: .hidden)
    var type: String?

    @OptionGroup var location: StoreOptions

    @Argument(help: "Where to mount; before it an image, or a name for the source as in mount(8).")
    var places: [String]

    /// The arguments with `-oLIST`, as mount(8) takes it, in two: ArgumentParser reads `-olowerdir=A` as an option of that name.
    static func separated(_ arguments: [String]) -> [String] {
        guard arguments.first == "mount" else { return arguments }
        var result: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[index...] }
            if argument.hasPrefix("-o"), argument.utf8.count > 2, result.last != "-o" {
                result += ["-o", String(argument.dropFirst(2))]
            } else {
                result.append(argument)
            }
        }
        return result
    }

    func validate() throws {
        guard (1...2).contains(places.count) else { throw ValidationError("mount: one mount point is needed") }
    }

    func run() throws {
        var arguments = [Programs.path("shalefs")]
        if foreground { arguments.append(Array("-f".utf8)) }
        if verbose { arguments.append(Array("-v".utf8)) }
        for option in options { arguments += [Array("-o".utf8), Arguments.bytes(option)] }
        if places.count == 2, !options.contains(where: { $0.contains("lowerdir") }) {
            let image = try ImageMount(name: places[0], location: location)
            arguments += [Array("-o".utf8), image.options(writable: options.contains { $0.contains("upperdir") })]
            arguments.append(Array("shale".utf8))
            arguments += places.dropFirst().map { Arguments.bytes($0) }
            return try start(arguments)
        }
        arguments += places.map { place in
            let bytes = Arguments.bytes(place)
            // A relative name that looks like an option is still a name.
            return bytes.first == 0x2d ? Array("./".utf8) + bytes : bytes
        }
        try start(arguments)
    }

    private func start(_ arguments: [[UInt8]]) throws {
        // In the background the helper's reason is on standard error already.
        if !foreground {
            switch Programs.run(arguments) {
            case 0: return
            case 2: throw ExitCode(2)
            case 127: throw Failure.failed("shalefs: cannot be started")
            default: throw ExitCode(125)
            }
        }
        let error = Programs.become(arguments)
        throw Failure.failed("shalefs: cannot be started: \(String(cString: strerror(error)))")
    }
}
