public import Dockerfile
public import OCI

/// What one source of `ADD` is.
public enum AddSource: Equatable, Sendable {
    /// A path or pattern in the build context.
    case local([UInt8])
    case address(Address)
    case git(GitReference)

    /// - Throws: ``BuildError`` for an address or repository that cannot be one.
    public init(_ source: [UInt8]) throws(BuildError) {
        if let git = try GitReference(source), !git.looksLikePath {
            self = .git(git)
        } else if source.starts(with: "http://".utf8) || source.starts(with: "https://".utf8) {
            guard let address = Address(String(decoding: source, as: UTF8.self)) else {
                throw BuildError("add", source, "it is no address, or holds a password")
            }
            self = .address(address)
        } else {
            self = .local(source)
        }
    }

    /// The sources of an instruction.
    ///
    /// - Throws: ``BuildError`` for a `COPY` from elsewhere, and a `--checksum` that is of nothing.
    public static func sources(
        of copying: Copying, isAdd: Bool, at location: SourceLocation
    ) throws(BuildError) -> [AddSource] {
        do throws(BuildError) {
            var sources: [AddSource] = []
            for text in copying.sources {
                let source = try AddSource(text)
                sources.append(copying.from == nil ? source : .local(text))
            }
            if !isAdd {
                for source in sources {
                    switch source {
                    case .local: continue
                    case .address: throw BuildError("source can't be a URL for COPY")
                    case .git: throw BuildError("source can't be a git ref for COPY")
                    }
                }
            }
            if copying.checksum != nil {
                guard sources.count == 1, let only = sources.first else {
                    throw BuildError("checksum can't be specified for multiple sources")
                }
                if case .local = only { throw BuildError("checksum requires HTTP(S) or Git sources") }
            }
            return sources
        } catch {
            throw error.at(location)
        }
    }

    /// The repository of a git source, with what the instruction's flags say besides.
    ///
    /// - Throws: ``BuildError`` where they contradict the source.
    public static func repository(
        _ reference: GitReference, for copying: Copying
    ) throws(BuildError) -> (reference: GitReference, keepsGitDirectory: Bool) {
        var reference = reference
        if let flag = copying.keepsGitDirectory, let own = reference.keepsGitDirectory, flag != own {
            throw BuildError("inconsistent keep-git-dir configuration")
        }
        if let checksum = copying.checksum.map({ String(decoding: $0, as: UTF8.self) }) {
            guard reference.checksum == nil || reference.checksum == checksum else {
                throw BuildError("checksum mismatch \"\(checksum)\" != \"\(reference.checksum ?? "")\"")
            }
            guard (4...64).contains(checksum.utf8.count), checksum.utf8.allSatisfy({ UInt8.isHexadecimal($0) }) else {
                throw BuildError("invalid checksum \"\(printable(checksum))\": a commit is wanted")
            }
            reference.checksum = checksum
        }
        return (reference, reference.keepsGitDirectory ?? copying.keepsGitDirectory ?? false)
    }

    /// `--checksum` of an address.
    ///
    /// - Throws: ``BuildError`` when it is no digest.
    public static func digest(for copying: Copying) throws(BuildError) -> Digest? {
        guard let checksum = copying.checksum else { return nil }
        do throws(DocumentError) { return try Digest(String(decoding: checksum, as: UTF8.self)) } catch {
            throw BuildError("read --checksum: \(error)")
        }
    }
}

extension UInt8 {
    fileprivate static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
