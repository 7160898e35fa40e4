import ArgumentParser
import CLinux
import Changes
import Glibc
import Linux
import Union
import UnionFuse

/// `shale try`: a command over a throwaway upper.
struct Try: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command over a throwaway upper, then show what it would change.",
        usage: "shale try [--lower DIR] [--keep | --discard | --apply] -- COMMAND [ARGUMENT...]",
        discussion: """
            The command sees DIR (default /) and may change anything in it that its user may; the changes go to an upper \
            directory of their own. Afterwards they are listed on standard output as shale diff does: A, C, D. Over / the \
            command runs in a private mount namespace (an ordinary user's own user namespace) with the union as its root; \
            /proc, /sys, /dev and /run stay the machine's. Over another DIR it runs with the union mounted in DIR's place.

            --discard, the default, throws the upper away; --keep leaves it and says where; --apply makes the changes in \
            DIR. The exit status is the command's own; 125 where Shale itself failed.
            """)

    @Option(help: "What the command sees and changes.")
    var lower = "/"

    @Flag(help: "What happens to the changes.")
    var fate = Fate.discard

    @Option(help: "text or json.")
    var format = Output.Format.text

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String]

    enum Fate: String, EnumerableFlag {
        case keep, discard, apply
    }

    /// How this program calls itself inside the namespace: SCRATCH LOWER MOUNTED COMMAND...
    private static let inside = "__try-inside"

    func run() throws {
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        guard !words.isEmpty else { throw Failure.used("try: no command given; see shale try --help") }
        guard let resolved = realpath(Arguments.cString(Arguments.bytes(lower)), nil) else {
            throw Failure.failed("\(lower): \(String(cString: strerror(errno)))")
        }
        let target = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map { UInt8(bitPattern: $0) }
        free(resolved)
        var template = "/var/tmp/shale-try.XXXXXX".utf8.map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else {
            throw Failure.failed("/var/tmp: no room for the changes: \(String(cString: strerror(errno)))")
        }
        let scratch = template.dropLast().map { UInt8(bitPattern: $0) }
        var keeps = fate == .keep
        defer { if !keeps { try? FD.workingDirectory.removeTree(template) } }
        for name in ["upper", "work", "merged"] {
            guard mkdir(Arguments.cString(scratch + Array("/\(name)".utf8)), 0o755) == 0 else {
                throw Failure.failed("\(printable(scratch)): \(String(cString: strerror(errno)))")
            }
        }
        let commands = words.map { Arguments.bytes($0) }
        // By fusermount3 an ordinary user gets a mount that knows every owner; one made in his namespace would know him
        // alone, and the kernel lets nobody write to what belongs to somebody unknown.
        let union = Inside(scratch: scratch, lower: target, command: commands, isMounted: false)
        let isMounted = geteuid() != 0 && union.mount() == 0
        defer { if isMounted { try? Mounting.unmount(union.merged, lazily: true) } }
        let status = Programs.run(
            [Array("/proc/self/exe".utf8), Array(Self.inside.utf8), scratch, target, [isMounted ? 0x79 : 0x6e]]
                + commands)
        if isMounted { try? Mounting.unmount(union.merged, lazily: false) }
        let upper = scratch + Array("/upper".utf8)
        let changes = try Diff.changes(upper: upper, lowers: [target])
        Output.changes(changes, format)
        if fate == .keep { say("the changes are in \(printable(upper))") }
        if fate == .apply {
            do throws(Errno) { try Application(upper: upper, target: target).apply(changes) } catch {
                keeps = true
                throw Failure.failed("apply: \(error); the changes are in \(printable(upper))")
            }
        }
        if status != 0 { throw ExitCode(status) }
    }

    /// The other half, in a process of its own: returns the status when this process is it.
    static func continueInside() throws -> Int32? {
        guard CommandLine.argc > 1, let first = CommandLine.unsafeArgv[1] else { return nil }
        let name = String(cString: first)
        if name == Namespace.probe { return Namespace.enter() == nil ? 0 : 1 }
        guard name == inside, CommandLine.argc > 5 else { return nil }
        let words = (2..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { pointer in
                UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            }
        }
        return try Inside(
            scratch: words[0], lower: words[1], command: Array(words.dropFirst(3)), isMounted: words[2] == [0x79]
        ).run()
    }
}
