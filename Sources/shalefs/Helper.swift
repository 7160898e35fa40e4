import CLinux
import Glibc
import Linux
import Union
import UnionFuse

/// `shalefs -o OPTIONS MOUNTPOINT`: mounts, answers, and stays until the mount ends.
enum Helper {
    static let usage = """
        Usage: shalefs [-f] [-d] [-v] -o lowerdir=A:B[,upperdir=U,workdir=W][,OPTION...] MOUNTPOINT
               shalefs SOURCE MOUNTPOINT -o OPTIONS        (as mount.fuse.shale)

        Mounts an ordered stack of directories as one tree, and returns when the mount answers.

          -o OPTIONS         mount options; see shale mount --help for all of them
          -f, --foreground   stay in the foreground
          -d, --debug        stay in the foreground, and say what was found out
          -v, --verbose      say what was found out
          -h, --help         this text
          -V, --version      the version

        Stands in for fuse-overlayfs as the mount_program of containers/storage: the same options, unknown ones
        ignored with a warning. Exit status: 0 mounted (with -f: ended), 1 not mounted, 2 used wrongly.
        """

    static let version = "0.1.0"

    static func main() -> Int32 {
        var options = MountOptions()
        var positional: [[UInt8]] = []
        var foreground = false
        var verbose = false
        var arguments = commandLine().dropFirst()
        do throws(Refusal) {
            while let argument = arguments.popFirst() {
                switch String(decoding: argument, as: UTF8.self) {
                case "-h", "--help":
                    print(usage)
                    return 0
                case "-V", "--version":
                    print("shalefs \(version)")
                    return 0
                case "-f", "--foreground": foreground = true
                case "-d", "--debug":
                    foreground = true
                    verbose = true
                case "-v", "--verbose": verbose = true
                case "-s": options.session.threads = 1
                // mount(8) passes these to its helpers.
                case "-n", "-w", "--rw": break
                case "-r", "--read-only": options.readOnly = true
                case "-t": _ = arguments.popFirst()
                case "-o", "--options":
                    guard let list = arguments.popFirst() else { throw Refusal("option -o: needs a value") }
                    try options.add(list)
                case let text where text.hasPrefix("-o"): try options.add(Array(argument.dropFirst(2)))
                case let text where text.hasPrefix("-") && text.utf8.count > 1:
                    throw Refusal("unknown option \(printable(argument)); see shalefs --help")
                default: positional.append(argument)
                }
            }
            if positional.count == 2 {
                options.source = positional.removeFirst()
                // mount -a, which starts this as mount.fuse.shale, takes for mounted only what shows its root.
                options.session.levers.remove(.acl)
            }
            if getenv("SHALEFS_WITHOUT_ACL") != nil { options.session.levers.remove(.acl) }
            guard positional.count == 1 else {
                throw Refusal(
                    positional.isEmpty ? "no mount point given; see shalefs --help" : "more than one mount point given")
            }
        } catch {
            say("\(error)")
            return 2
        }
        return Server(options: options, mountPoint: positional[0], foreground: foreground, verbose: verbose).start()
    }

    /// The arguments as bytes: a `String` would repair them.
    private static func commandLine() -> ArraySlice<[UInt8]> {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { pointer in
                UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            }
        }[...]
    }

    /// One line on standard error.
    static func say(_ line: String) {
        let text = Array("shale: \(line)\n".utf8)
        _ = text.withUnsafeBytes { cl_write(2, $0.baseAddress, $0.count) }
    }
}
