import CDifferential
import Glibc

/// What this process may do, found by trying rather than by asking who it is.
struct Environment {
    /// Root of the initial user namespace: `trusted.*`, devices, file handles.
    var isInitialRoot = false
    /// User and group ids that are mapped here, root first.
    var ids: [UInt32] = [0]
    /// Ids that file system calls can be made as.
    var actors: [UInt32] = [0]

    static func detect() -> Environment {
        var found = Environment()
        let map = readWhole("/proc/self/uid_map")
        let fields = map.split { $0 == 0x20 || $0 == 0x0a }.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        for start in stride(from: 0, to: fields.count - 2, by: 3) {
            if fields[start] == 0 && fields[start + 1] == 0 && fields[start + 2] == 4_294_967_295 {
                found.isInitialRoot = true
            }
        }
        for id in [UInt32(1000), 1001] {
            let mapped = stride(from: 0, to: fields.count - 2, by: 3).contains {
                Int(id) >= fields[$0] && Int(id) - fields[$0] < fields[$0 + 2]
            }
            if mapped { found.ids.append(id) }
        }
        for id in found.ids.dropFirst() where cd_become(id, id) == 0 { found.actors.append(id) }
        _ = cd_become(0, 0)
        return found
    }

    var description: String {
        if isInitialRoot { return "root" }
        return ids.count > 1 ? "user namespace with many ids" : "user namespace with one id"
    }
}

/// The whole of a small file, such as those in /proc; nothing when it cannot be read.
func readWhole(_ path: String) -> Bytes {
    let fd = cd_open(path, O_RDONLY, 0)
    guard fd >= 0 else { return [] }
    defer { close(fd) }
    var result = Bytes()
    var buffer = Bytes(repeating: 0, count: 65536)
    while true {
        let count = read(fd, &buffer, buffer.count)
        if count <= 0 { return result }
        result += buffer[..<count]
    }
}

/// A set of mount options that both sides get, and what it allows a stack to hold.
struct Profile {
    var name: String
    var options: [String]
    /// Ours alone: what the kernel does without being told.
    var ours: [String] = []
    /// Hard links in lowers: without an index the kernel breaks them at copy-up (SEMANTICS 5.8).
    var lowerHardLinks = false
    var userXattrs = false
    /// Some lowers are on a file system of their own.
    var foreignLowers = false
    /// On our side whiteouts and opaque marks in lowers are `.wh.` files, as images hold them: same tree, other
    /// spelling (SEMANTICS 4.5). The kernel cannot read that, so it is not mounted over our copy.
    var foreignWhiteouts = false
    /// Names that begin with `.wh.` are ordinary.
    var whiteoutNames = false

    /// The attribute namespace of the overlay.
    var prefix: String { userXattrs ? "user.overlay." : "trusted.overlay." }

    /// The profiles that a run cycles through by seed.
    static func all(in environment: Environment, userXattrs: Bool) -> [Profile] {
        if userXattrs || !environment.isInitialRoot {
            let index = environment.isInitialRoot
            var plain = Profile(name: "userxattr", options: ["userxattr"], userXattrs: true)
            if index {
                plain.options.append("index=on")
                plain.lowerHardLinks = true
            } else {
                // The kernel falls back to this: it cannot decode file handles here.
                plain.options.append("index=off")
            }
            var names = plain
            names.name = "userxattr+whiteouts=device"
            names.ours = ["whiteouts=device"]
            names.whiteoutNames = true
            var foreign = plain
            foreign.name = "userxattr+tmpfs"
            foreign.foreignLowers = true
            var spelt = plain
            spelt.name = "userxattr+.wh."
            spelt.foreignWhiteouts = true
            return [plain, names, foreign, plain, spelt]
        }
        func profile(_ options: String..., links: Bool = true) -> Profile {
            Profile(name: options.joined(separator: ","), options: options, lowerHardLinks: links)
        }
        var names = profile("redirect_dir=on", "index=on")
        names.name += "+whiteouts=device"
        names.ours = ["whiteouts=device"]
        names.whiteoutNames = true
        var foreign = profile("redirect_dir=on", "index=on", "xino=on")
        foreign.name += "+tmpfs"
        foreign.foreignLowers = true
        var foreignPlain = profile("redirect_dir=on", "metacopy=on", "index=on")
        foreignPlain.name += "+tmpfs"
        foreignPlain.foreignLowers = true
        var spelt = profile("redirect_dir=on", "index=on")
        spelt.name += "+.wh."
        spelt.foreignWhiteouts = true
        return [
            foreign, spelt, foreignPlain,
            profile("index=on", "redirect_dir=off"),
            profile("redirect_dir=on", "index=on"),
            profile("redirect_dir=on", "metacopy=on", "index=on"),
            names,
            profile("redirect_dir=nofollow", "metacopy=off", "index=off", links: false),
            profile("redirect_dir=on", "metacopy=on", "index=off", links: false),
            profile("redirect_dir=on", "metacopy=on", "index=on", "xino=on"),
            profile("redirect_dir=follow", "index=on", "xino=off"),
        ]
    }
}
