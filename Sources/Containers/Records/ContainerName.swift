/// Names for containers that were given none.
enum ContainerName {
    private static let manners = [
        "banded", "bedded", "brittle", "buried", "calm", "cleaved", "faulted", "fine", "fissile", "folded", "fossil",
        "grey", "hidden", "jointed", "laminar", "layered", "marine", "mottled", "muddy", "old", "patient", "quiet",
        "rippled", "settled", "silent", "slow", "smooth", "soft", "tilted", "veined", "warm", "worn",
    ]
    private static let rocks = [
        "agate", "basalt", "breccia", "chalk", "chert", "clay", "coal", "dolomite", "flint", "gabbro", "gneiss",
        "granite", "gypsum", "jasper", "limestone", "loess", "marble", "marl", "mica", "obsidian", "onyx", "opal",
        "ooze", "peat", "pumice", "quartz", "sandstone", "schist", "siltstone", "slate", "travertine", "tuff",
    ]

    static func random() -> String {
        "\(manners.randomElement() ?? "")_\(rocks.randomElement() ?? "")\(Int.random(in: 10...99))"
    }

    /// Letters, digits, and `_`, `.`, `-` after the first, as Docker has it.
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= 128 else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || [0x5f, 0x2e, 0x2d].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
