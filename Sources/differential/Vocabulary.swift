import Glibc

/// What names, modes, owners and attributes a sequence draws from.
struct Vocabulary {
    var names: [Bytes]
    var ids: [UInt32]
    var isInitialRoot: Bool
    var prefix: String
    /// Flags that a lower's file system knows and the upper's does not cannot be kept at copy-up.
    var setsFlags: Bool
    var hasLowerLinks: Bool

    /// Few names, so that layers and operations meet; of the odd ones some in each sequence.
    init(random: inout Random, environment: Environment, profile: Profile) {
        names = ["a", "b", "c", "d", "e", "f", "g"].map { Bytes($0) }
        let odd: [Bytes] = [
            [0xff, 0xfe, 0x80], Bytes("with space"), Bytes("new\nline"), Bytes("..."), Bytes("-rf"), Bytes("*?[a]"),
            Bytes(repeating: UInt8(ascii: "x"), count: 255), Bytes("caf\u{e9}"), Bytes("cafe\u{301}"), Bytes("\\"),
            Bytes("\t\r"), Bytes(repeating: 0xc3, count: 255), Bytes("a,b:c=d"), Bytes("%2f"), [0x01], Bytes(".hidden"),
            Bytes("opaque"), Bytes("work"), Bytes("#1"), Bytes("a~"), Bytes(".fuse_hidden0001"),
        ]
        for _ in 0..<3 { names.append(random.pick(odd, or: [0x7f])) }
        if profile.whiteoutNames {
            names += [
                Bytes(".wh.a"), Bytes(".wh."), Bytes(".wh..wh..opq"),
                Bytes(".wh." + String(repeating: "y", count: 251)),
            ]
        }
        ids = environment.ids
        isInitialRoot = environment.isInitialRoot
        prefix = profile.prefix
        setsFlags = !profile.foreignLowers
        hasLowerLinks = profile.lowerHardLinks
    }

    func name(_ random: inout Random) -> Bytes {
        random.pick(names, or: [0x61])
    }

    func owner(_ random: inout Random) -> UInt32 {
        random.chance(60) ? 0 : random.pick(ids, or: 0)
    }

    func fileMode(_ random: inout Random) -> UInt32 {
        random.pick([0o644, 0o644, 0o600, 0o666, 0o755, 0o444, 0o4755, 0o2755, 0o6711, 0o2644, 0o000], or: 0o644)
    }

    func directoryMode(_ random: inout Random) -> UInt32 {
        random.pick([0o755, 0o755, 0o755, 0o700, 0o777, 0o1777, 0o2775, 0o2777, 0o555, 0o711], or: 0o755)
    }

    /// Times that are set, as against those that happen: all before 2010.
    func time(_ random: inout Random) -> Int64 {
        Int64(random.within(1...1_200_000_000))
    }

    func size(_ random: inout Random) -> Int {
        random.pick([0, 1, 17, 100, 511, 4095, 4096, 4097, 6000, 12_288], or: 1)
    }

    func symlinkTarget(_ random: inout Random) -> Bytes {
        switch random.below(6) {
        case 0: return Bytes("/nowhere/") + name(&random)
        case 1: return name(&random).appending(name(&random))
        case 2: return Bytes(repeating: UInt8(ascii: "t"), count: random.pick([59, 60, 200, 1000], or: 60))
        case 3: return Bytes("./") + name(&random)
        default: return name(&random)
        }
    }

    func userXattr(_ random: inout Random) -> Xattr {
        let names = ["user.a", "user.b", "user.\u{e9}t\u{e9}", "user.mime_type"]
        let length = random.pick([0, 1, 5, 40, 300], or: 5)
        return Xattr(
            name: Bytes(random.pick(names, or: "user.a")), value: Payload(seed: random.next(), length: length).bytes)
    }

    /// An access or a default list, as the raw attribute.
    func acl(_ random: inout Random, onDirectory: Bool) -> Xattr {
        var value: Bytes = [2, 0, 0, 0]
        func add(_ tag: UInt8, _ permissions: Int, _ id: UInt32) {
            value += [tag, 0, UInt8(permissions), 0]
            withUnsafeBytes(of: id.littleEndian) { value += Bytes($0) }
        }
        let none = UInt32.max
        add(1, random.within(4...7), none)
        let named = random.pick(ids, or: 0)
        if random.chance(80) { add(2, random.below(8), named) }
        add(4, random.below(8), none)
        if random.chance(50) { add(8, random.below(8), random.pick(ids, or: 0)) }
        add(0x10, random.below(8), none)
        add(0x20, random.below(8), none)
        let isDefault = onDirectory && random.chance(50)
        return Xattr(name: Bytes("system.posix_acl_" + (isDefault ? "default" : "access")), value: value)
    }

    func capability(_ random: inout Random) -> Xattr {
        let permitted = UInt8(random.within(1...255))
        return Xattr(
            name: Bytes("security.capability"),
            value: [1, 0, 0, 2, permitted, 0x20, 0, 0] + Bytes(repeating: 0, count: 12))
    }
}
