import Glibc

extension [UInt8] {
    /// Whether these bytes come in it, one after the other. The standard library's search is generic code, a hundred times slower.
    func holds(_ needle: [UInt8]) -> Bool {
        guard let first = needle.first, needle.count <= count else { return needle.isEmpty }
        return withUnsafeBytes { hay in
            needle.withUnsafeBytes { needle in
                guard let start = hay.baseAddress, let wanted = needle.baseAddress else { return false }
                var place = 0
                while place <= hay.count - needle.count {
                    let room = hay.count - needle.count - place + 1
                    guard let found = memchr(start + place, Int32(first), room) else { return false }
                    let offset = UnsafeRawPointer(found) - start
                    if memcmp(found, wanted, needle.count) == 0 { return true }
                    place = offset + 1
                }
                return false
            }
        }
    }
}
