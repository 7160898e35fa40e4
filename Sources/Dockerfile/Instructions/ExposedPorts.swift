/// One word of `EXPOSE`: a port or a range of them.
public struct ExposedPorts: Sendable, Equatable {
    public var ports: ClosedRange<UInt16>
    /// `tcp`, `udp` or `sctp`.
    public var transport: String
    /// The word, variables expanded.
    public var word: [UInt8]
    /// The protocol is written with capitals.
    var hasCapitals: Bool
    /// An address or a host's port stands before it: accepted, and without effect.
    var hasMapping: Bool

    /// - Parameter word: `[[ADDRESS:]HOSTPORT:]PORT[-PORT][/PROTOCOL]`.
    init(_ word: [UInt8]) throws(Complaint) {
        self.word = word
        let parts = word.split(separator: .colon, omittingEmptySubsequences: false).map { Array($0) }
        let last = parts.last ?? []
        let (port, transport) = last.cut(at: .slash).map { ($0.before, $0.after) } ?? (last, [])
        guard !port.isEmpty else { throw Complaint("no port specified", word) }
        let name = transport.isEmpty ? "tcp" : String(decoding: transport.lowercased, as: UTF8.self)
        guard ["tcp", "udp", "sctp"].contains(name) else {
            throw Complaint("invalid protocol in EXPOSE", transport, knownWords: ["tcp", "udp", "sctp"])
        }
        self.transport = name
        hasCapitals = transport != transport.lowercased
        guard let ports = Self.range(port) else { throw Complaint("invalid port in EXPOSE", port) }
        self.ports = ports

        let hostPort = parts.count > 1 ? parts[parts.count - 2] : []
        let address = Array(parts.dropLast(2).joined(separator: [.colon]))
        hasMapping = !hostPort.isEmpty || !address.isEmpty
        if !hostPort.isEmpty {
            guard let host = Self.range(hostPort), ports.count == 1 || host.count == ports.count else {
                throw Complaint("invalid host port in EXPOSE", hostPort)
            }
        }
        guard address.isEmpty || Self.isAddress(address) else {
            throw Complaint("invalid IP address in EXPOSE", address)
        }
    }

    private static func range(_ text: [UInt8]) -> ClosedRange<UInt16>? {
        let (first, last) = text.cut(at: .minus).map { ($0.before, $0.after) } ?? (text, text)
        guard let low = first.number(base: 10, atMost: 0xffff), let high = last.number(base: 10, atMost: 0xffff),
            low <= high
        else { return nil }
        return UInt16(truncatingIfNeeded: low)...UInt16(truncatingIfNeeded: high)
    }

    private static func isAddress(_ text: [UInt8]) -> Bool {
        if text.first == .openBracket, text.last == .closeBracket {
            return isVersion6(Array(text.dropFirst().dropLast()))
        }
        return isVersion4(text) || isVersion6(text)
    }

    private static func isVersion4(_ text: [UInt8]) -> Bool {
        let parts = text.split(separator: .dot, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy {
                Array($0).number(base: 10, atMost: 255) != nil && ($0.count == 1 || $0.first != 0x30)
            }
    }

    /// RFC 4291, 2.2: groups of four digits, once `::`, perhaps an IPv4 address at the end.
    private static func isVersion6(_ text: [UInt8]) -> Bool {
        var groups = text.split(separator: .colon, omittingEmptySubsequences: false).map { Array($0) }
        guard groups.count >= 3, groups.count <= 9 else { return false }
        var count = 0
        if let last = groups.last, last.contains(.dot) {
            guard isVersion4(last) else { return false }
            groups.removeLast()
            count = 2
        }
        // An empty group at either end belongs to the '::' beside it.
        var gaps = 0
        if groups.count >= 2, groups[0].isEmpty, groups[1].isEmpty { groups.removeFirst() }
        if count == 0, groups.count >= 2, groups[groups.count - 1].isEmpty, groups[groups.count - 2].isEmpty {
            groups.removeLast()
        }
        for group in groups {
            if group.isEmpty {
                gaps += 1
            } else {
                guard group.count <= 4, group.allSatisfy(\.isHexDigit) else { return false }
                count += 1
            }
        }
        return gaps == 0 ? count == 8 : gaps == 1 && count <= 7
    }
}
