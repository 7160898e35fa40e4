internal import OCI

/// A pattern for names of images, as Go's path.Match has it: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` are classes.
public struct NamePattern: Sendable {
    private enum Element {
        case anything, anyOne
        case one(UInt8)
        case oneOf([ClosedRange<UInt8>], isNegated: Bool)
    }

    private let elements: [Element]

    /// nil for a pattern that ends within a class or behind a backslash.
    public init?(_ text: String) {
        var elements: [Element] = []
        var rest = Array(text.utf8)[...]
        func literal() -> UInt8? {
            guard let byte = rest.popFirst() else { return nil }
            return byte == UInt8(ascii: "\\") ? rest.popFirst() : byte
        }
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "*"):
                rest.removeFirst()
                elements.append(.anything)
            case UInt8(ascii: "?"):
                rest.removeFirst()
                elements.append(.anyOne)
            case UInt8(ascii: "["):
                rest.removeFirst()
                let isNegated = rest.first == UInt8(ascii: "^")
                if isNegated { rest.removeFirst() }
                var ranges: [ClosedRange<UInt8>] = []
                while ranges.isEmpty || rest.first != UInt8(ascii: "]") {
                    guard let low = literal() else { return nil }
                    var high = low
                    if rest.first == UInt8(ascii: "-") {
                        rest.removeFirst()
                        guard let end = literal() else { return nil }
                        high = end
                    }
                    guard low <= high else { return nil }
                    ranges.append(low...high)
                }
                rest.removeFirst()
                elements.append(.oneOf(ranges, isNegated: isNegated))
            default:
                guard let byte = literal() else { return nil }
                elements.append(.one(byte))
            }
        }
        self.elements = elements
    }

    /// As docker's `reference` filter: the name as people write it, with or without its tag or digest.
    func matches(_ name: Reference) -> Bool {
        guard !matches(name.familiar) else { return true }
        return (try? Reference(registry: name.registry, repository: name.repository)).map { matches($0.familiar) }
            ?? false
    }

    func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var (element, place) = (0, 0)
        // Where the last star was, and how much it has taken.
        var star: (element: Int, place: Int)?
        while place < bytes.count || element < elements.count {
            if element < elements.count {
                if case .anything = elements[element] {
                    star = (element, place)
                    element += 1
                    continue
                }
                if place < bytes.count, takes(elements[element], bytes[place]) {
                    element += 1
                    place += 1
                    continue
                }
            }
            // The star takes one more, if it may.
            guard let last = star, last.place < bytes.count, bytes[last.place] != UInt8(ascii: "/") else {
                return false
            }
            star = (last.element, last.place + 1)
            (element, place) = (last.element + 1, last.place + 1)
        }
        return true
    }

    private func takes(_ element: Element, _ byte: UInt8) -> Bool {
        switch element {
        case .anything: false
        case .anyOne: byte != UInt8(ascii: "/")
        case .one(let wanted): byte == wanted
        case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
        }
    }
}
