/// The known word that a wrong one is nearest to: at most two letters inserted, left out or changed, and not all.
///
/// - Returns: nil when none is near, or when the word itself is known (then something else is wrong with it).
func nearest(to word: [UInt8], among known: some Sequence<String>) -> String? {
    // Long words are no typing mistakes, and comparing them would cost the product of their lengths.
    guard word.count <= 64 else { return nil }
    var best: (distance: Int, word: String)?
    for candidate in known {
        let letters = Array(candidate.utf8)
        guard letters != word else { return nil }
        guard abs(letters.count - word.count) <= 2 else { continue }
        let distance = editDistance(word, letters)
        if distance <= 2, distance < word.count, distance < best?.distance ?? 3 { best = (distance, candidate) }
    }
    return best?.word
}

/// Levenshtein's distance, in bytes.
private func editDistance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var row = Array(0...other.count)
    for (position, byte) in one.enumerated() {
        var diagonal = row[0]
        row[0] = position + 1
        for index in other.indices {
            let changed = diagonal + (other[index] == byte ? 0 : 1)
            diagonal = row[index + 1]
            row[index + 1] = min(changed, row[index] + 1, diagonal + 1)
        }
    }
    return row[other.count]
}
