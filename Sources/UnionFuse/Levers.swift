/// What makes a mount fast, each of which can be left out, to measure what it is worth or to test the mount without it:
/// `-o without=NAME[:NAME…]`. What a mount shows does not depend on them.
public struct Levers: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The kernel reads and writes files of the upper itself, where it may (needs CAP_SYS_ADMIN).
    public static let passthrough = Levers(rawValue: 1)
    /// Idle processors poll while requests keep coming, where halting them is dear (see ``IdlePolling``; needs root).
    public static let idle = Levers(rawValue: 2)
    /// A leader looks for the next request before it sleeps.
    public static let lookout = Levers(rawValue: 4)
    /// Large reads go from the file to the kernel without a copy here.
    public static let splice = Levers(rawValue: 8)
    /// Listings carry attributes.
    public static let readdirplus = Levers(rawValue: 16)
    /// Directories are opened without a message.
    public static let opendir = Levers(rawValue: 32)
    /// Files of an immutable mount are opened without a message.
    public static let open = Levers(rawValue: 64)
    /// The kernel remembers that there is no such name.
    public static let missing = Levers(rawValue: 128)
    /// The kernel remembers where symlinks lead.
    public static let symlinks = Levers(rawValue: 256)
    /// The kernel does not ask for capabilities before each write.
    public static let killpriv = Levers(rawValue: 512)
    /// The kernel remembers the ACLs of what is mounted (see ``DetachedMount``).
    public static let acl = Levers(rawValue: 1024)

    /// By the names that the option has for them.
    static let names: KeyValuePairs<String, Levers> = [
        "passthrough": .passthrough, "idle": .idle, "lookout": .lookout, "splice": .splice, "readdirplus": .readdirplus,
        "opendir": .opendir, "open": .open, "missing": .missing, "symlinks": .symlinks, "killpriv": .killpriv,
        "acl": .acl,
    ]

    public static let all = names.reduce(into: Levers()) { $0.formUnion($1.value) }
}
