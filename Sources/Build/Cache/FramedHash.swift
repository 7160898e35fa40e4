import OCI

/// Hashes a sequence of values so that no two different sequences give the hash the same bytes: the length of each
/// comes before it, and what can be there any number of times is counted first.
struct FramedHash: ~Copyable {
    private var digester: Digester

    /// - Parameter purpose: what is hashed, and the version of the form.
    init(_ purpose: String) throws(BuildError) {
        do throws(DigestError) { digester = try Digester() } catch { throw BuildError("\(error)") }
        add(purpose)
    }

    mutating func add(_ bytes: [UInt8]) {
        add(bytes.count)
        digester.update(bytes)
    }

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

    mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { digester.update($0) }
    }

    mutating func finish() throws(BuildError) -> Digest {
        do throws(DigestError) { return try digester.finish() } catch { throw BuildError("\(error)") }
    }
}
