/// Kinds and permissions as ls(1) prints them.
enum FileMode {
    static func text(_ entry: LayerEntry) -> String {
        let kind: Character
        switch entry.kind {
        case .directory: kind = "d"
        case .symlink: kind = "l"
        case .characterDevice: kind = "c"
        case .blockDevice: kind = "b"
        case .fifo: kind = "p"
        case .file, .hardLink, .whiteout, .opaque, .bookkeeping: kind = "-"
        }
        var letters: [Character] = [kind]
        for (index, letter) in "rwxrwxrwx".enumerated() {
            letters.append(entry.mode & 0o400 >> UInt32(index) != 0 ? letter : "-")
        }
        for (bit, place, set, bare) in [(0o4000, 3, "s", "S"), (0o2000, 6, "s", "S"), (0o1000, 9, "t", "T")]
            as [(UInt32, Int, Character, Character)] where entry.mode & bit != 0
        {
            letters[place] = letters[place] == "x" ? set : bare
        }
        return String(letters)
    }
}
