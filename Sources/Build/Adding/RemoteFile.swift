public import Dockerfile
import Linux
public import OCI

/// A file that `ADD` took from an address: 0600, as old as the server says, or from 1970.
public struct RemoteFile: Sendable {
    public let digest: Digest
    /// The last name of the address's path.
    public let name: [UInt8]
    let tree: SourceTree

    /// Fetches a file into an empty directory, which it keeps. A server that says that it is what it was is believed, and
    /// not asked for it again.
    ///
    /// - Parameters:
    ///   - checksum: what the content must be.
    ///   - memory: of earlier files; nil for none.
    /// - Throws: ``BuildError`` when there is no such file, or not that one.
    public static func fetch(
        _ address: Address, checksum: Digest? = nil, with client: HTTPClient, memory: Store? = nil,
        into scratch: ScratchDirectory
    ) async throws(BuildError) -> RemoteFile {
        let name = name(of: address)
        let verb = "add \(address)"
        let key = try BuildError.wrapping { () throws(DigestError) in try Digest(of: Array(address.text.utf8)) }
        let known = memory?.download(key)
        func found() -> RemoteFile? {
            guard let memory, let known, memory.link(known, to: scratch.fd, name.cPath) else { return nil }
            let tree = SourceTree(scratch.directory, keepsOwners: false, scratch: scratch)
            return RemoteFile(digest: known.digest, name: name, tree: tree)
        }
        // What its content must be is what it is.
        if let checksum, known?.digest == checksum, let file = found() { return file }
        // Another one than is wanted must have changed, or it is the wrong one.
        var response = try await ask(address, checksum == nil ? known : nil, client, verb)
        if response.head.status == 304 {
            if let file = found() { return file }
            response = try await ask(address, nil, client, verb)
        }
        guard (200..<300).contains(response.head.status) else {
            throw BuildError("\(verb): invalid response status \(response.head.status)")
        }
        let digest = try await write(response, checksum?.algorithm ?? .sha256, name, scratch, verb)
        if let checksum, checksum != digest {
            throw BuildError("\(verb): digest mismatch \(digest), expected \(checksum)")
        }
        let headers = response.head.headers
        let seconds = headers["Last-Modified"].flatMap { HTTPDate.seconds($0) } ?? 0
        try naming("write", name) { () throws(Errno) in
            try scratch.fd.setMode(name.cPath, 0o600)
            try scratch.fd.setTimes(
                name.cPath, access: .keep, modified: Timestamp(seconds: seconds, nanoseconds: 0))
        }
        // A time of modification tells no two versions of the same second apart, nor an older one put back.
        let tag = headers["ETag"]
        if tag != nil || checksum != nil, headers["Cache-Control"]?.lowercased().contains("no-store") != true {
            memory?.remember(name.cPath, of: scratch.fd, digest, tag: tag, as: key)
        }
        let tree = SourceTree(scratch.directory, keepsOwners: false, scratch: scratch)
        return RemoteFile(digest: digest, name: name, tree: tree)
    }

    /// Asks for a file, unless it is still the known one (RFC 9110, section 13.1).
    private static func ask(
        _ address: Address, _ known: Download?, _ client: HTTPClient, _ verb: String
    ) async throws(BuildError) -> Response {
        var request = Request(.get, address)
        if let tag = known?.tag { request.headers["If-None-Match"] = tag }
        do throws(TransferError) { return try await client.send(request) } catch {
            throw BuildError("\(verb): \(error)")
        }
    }

    private static func write(
        _ response: Response, _ algorithm: Digest.Algorithm, _ name: [UInt8], _ scratch: ScratchDirectory,
        _ verb: String
    ) async throws(BuildError) -> Digest {
        let file = SharedFile(
            try naming("write", name) { () throws(Errno) in
                try scratch.fd.open(name.cPath, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
            })
        do {
            var digester = try Digester(algorithm)
            var offset: Int64 = 0
            while let bytes = try await response.next() {
                digester.update(bytes)
                try bytes.withUnsafeBufferPointer { (buffer) throws(Errno) in
                    try file.descriptor.fd.writeAll(UnsafeRawBufferPointer(buffer), at: offset)
                }
                offset += Int64(bytes.count)
            }
            return try digester.finish()
        } catch {
            throw BuildError("\(verb): \(error)")
        }
    }

    /// `__unnamed__` where the path has no name, as in BuildKit.
    static func name(of address: Address) -> [UInt8] {
        let path = PercentEncoding.decoded(Array(address.path.utf8))
        let name = CleanPath.clean(path).pathNames.last ?? []
        let isName = !name.isEmpty && name != [.dot, .dot] && name.count <= 255 && !name.contains(0)
        return isName ? name : Array("__unnamed__".utf8)
    }

    /// What `ADD` copies: the file, or what it holds where it is an archive to be unpacked.
    public func select(
        unpacks: Bool, digests: FileDigests, at location: SourceLocation, interruption: Interruption? = nil
    ) throws(BuildError) -> Selection {
        try Selecting(from: tree, digests: digests, at: location, interruption: interruption)
            .selectFile(name, unpacks: unpacks)
    }
}

/// A date of HTTP in the form that servers send (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Since 1970; nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int64(words[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(words[2])), let year = Int64(words[3]),
            (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        // Days from the civil date, years beginning in March.
        let shifted = Int64(month) + 1 <= 2 ? year - 1 : year
        let monthFromMarch = (Int64(month) + 10) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }
}
