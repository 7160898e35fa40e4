import Linux
import Testing

@testable import Union

/// What is read from attributes is somebody else's: it is understood or refused, never trusted.
@Suite struct Parsing {
    @Test("9.5 recorded owners are read as containers/storage writes them")
    func recordedOwners() throws {
        let file = try #require(RecordedOwner(Array("1000:100:0644:file".utf8)))
        #expect(file == RecordedOwner(uid: 1000, gid: 100, mode: 0o644, kind: .init(type: 0o100000)))
        #expect(RecordedOwner(file.bytes) == file)
        let device = try #require(RecordedOwner(Array("0:0:0600:block-8-1".utf8)))
        #expect(RecordedOwner(device.bytes) == device)
        #expect(RecordedOwner(Array("0:0:755".utf8))?.mode == 0o755)
        for bad in ["", ":", "1:2", "a:0:0", "0:0:9", "0:0:0:hat", "0:0:0:block-1", "4294967296:0:0", "0:0:0:file:x"] {
            #expect(RecordedOwner(Array(bad.utf8)) == nil, "\(bad)")
        }
    }

    @Test("6.2 origins are the kernel's, and anything else is none")
    func origins() throws {
        let handle: [UInt8] = [0x0d, 0xf0, 0, 0, 1, 2, 3, 4]
        let bytes: [UInt8] = [0, 0xfb, 29, 0, 1] + [UInt8](repeating: 7, count: 16) + handle
        let origin = try #require(Origin(bytes: bytes))
        #expect(origin.inode == 0xf00d)
        #expect(origin.indexName.count == 58)
        #expect(Origin(bytes: []) == nil)
        #expect(Origin(bytes: Array(bytes.dropLast())) == nil)
        #expect(Origin(bytes: [1] + bytes.dropFirst()) == nil)
    }

    @Test("whatever the bytes, parsers answer", arguments: 0..<200 as Range<UInt64>)
    func neverTrap(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next() -> UInt8 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
        let bytes = (0..<Int(next())).map { _ in next() & (seed % 2 == 0 ? 0xff : 0x3f) }
        if let owner = RecordedOwner(bytes) { #expect(RecordedOwner(owner.bytes) == owner) }
        for candidate in [bytes, [0, 0xfb, UInt8(truncatingIfNeeded: bytes.count + 5), 0, 1] + bytes] {
            if let origin = Origin(bytes: candidate) { #expect(origin.indexName.count == candidate.count * 2) }
        }
        for candidate in [bytes, [2, 0, 0, 0] + bytes] {
            guard let list = AccessControlList(candidate) else { continue }
            #expect(list.bytes == candidate)
            #expect(list.inherited(mode: 0o777).mode <= 0o777)
        }
    }
}
