import Linux
import OCI

/// A commit of a repository, as a tree.
public struct GitCheckout: Sendable {
    /// Lower-case hexadecimal.
    public let commit: String
    /// Root's files, 0644 and 0755, of the time of the commit: the same at every checkout.
    public let tree: SourceTree

    /// The commit that a reference means now, asked from its repository; nothing is fetched.
    ///
    /// - Throws: ``BuildError`` when the repository or the reference is not there.
    public static func commit(
        of reference: GitReference, in scratch: ScratchDirectory
    ) async throws(BuildError) -> String {
        if let ref = reference.ref, isCommit(ref) { return ref.lowercased() }
        let git = GitProgram(directory: scratch.directory, remote: reference.remote)
        let wanted = reference.ref ?? "HEAD"
        let names =
            wanted == "HEAD" || wanted.hasPrefix("refs/")
            ? [wanted] : ["refs/\(wanted)", "refs/heads/\(wanted)", "refs/tags/\(wanted)"]
        // Branches come before tags, as for git checkout. An annotated tag's commit is listed with ^{}.
        let patterns = names.flatMap { [$0, $0 + "^{}"] }
        let list = try await git.run(["ls-remote", "--", reference.remote] + patterns)
        var found: [String: String] = [:]
        for line in list.split(separator: "\n") {
            let parts = line.split(separator: "\t")
            if parts.count == 2, isCommit(String(parts[0])) { found[String(parts[1])] = String(parts[0]) }
        }
        for name in names { if let commit = found[name + "^{}"] ?? found[name] { return commit } }
        throw BuildError("fetch git repository \(printable(reference.remote)): it has no \(printable(wanted))")
    }

    /// The same, and not another one than ``GitReference/checksum`` says.
    ///
    /// - Throws: ``BuildError``.
    static func verifiedCommit(
        of reference: GitReference, in scratch: ScratchDirectory
    ) async throws(BuildError) -> String {
        let commit = try await commit(of: reference, in: scratch)
        if let checksum = reference.checksum, !commit.hasPrefix(checksum.lowercased()) {
            throw BuildError(
                "verify git repository \(printable(reference.remote)): expected checksum to match "
                    + "\(printable(checksum)), got \(commit)")
        }
        return commit
    }

    /// Fetches a commit.
    ///
    /// - Parameters:
    ///   - commit: where it is known already.
    ///   - keepsGitDirectory: `.git` stays, with all tags.
    ///   - scratch: an empty directory; the tree keeps it.
    /// - Throws: ``BuildError``; also when the commit is not the one that ``GitReference/checksum`` says.
    public static func fetch(
        _ reference: GitReference, at commit: String? = nil, keepsGitDirectory: Bool = false,
        into scratch: ScratchDirectory
    ) async throws(BuildError) -> GitCheckout {
        let known = commit
        let commit = if let known { known } else { try await verifiedCommit(of: reference, in: scratch) }
        let git = GitProgram(directory: scratch.directory, remote: reference.remote)
        try await git.run(["init", "--quiet"])
        try await git.run(["remote", "add", "--", "origin", reference.remote])
        try await fetch(commit, reference, git, all: keepsGitDirectory)
        try await git.run(["checkout", "--quiet", "--detach", commit])
        let time = try await git.run(["log", "-1", "--format=%ct"])
        let seconds = Int64(time.trimmingPrefix { $0.isWhitespace }.prefix { $0.isNumber || $0 == "-" }) ?? 0
        if reference.hasSubmodules, (try? scratch.fd.status(".gitmodules"))?.isRegular == true {
            try await git.run(["submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1"])
        }
        try CheckoutNormalizing(keepsGitDirectory: keepsGitDirectory, seconds: seconds).normalize(scratch.fd)
        let whole = SourceTree(scratch.directory, keepsOwners: false, scratch: scratch)
        guard let directory = reference.subdirectory else { return GitCheckout(commit: commit, tree: whole) }
        return GitCheckout(commit: commit, tree: try whole.subtree(Array(directory.utf8)))
    }

    /// One commit where the server gives single ones, all of them otherwise.
    private static func fetch(
        _ commit: String, _ reference: GitReference, _ git: GitProgram, all: Bool
    ) async throws(BuildError) {
        if !all {
            let names = [commit] + (reference.ref.map { isCommit($0) ? [] : [$0] } ?? [])
            for name in names {
                guard
                    (try? await git.run(["fetch", "--quiet", "--depth", "1", "--no-tags", "--", "origin", name])) != nil
                else { continue }
                if (try? await git.run(["cat-file", "-e", commit + "^{commit}"])) != nil { return }
            }
        }
        try await git.run(
            [
                "fetch", "--quiet", "--tags", "--", "origin", "+refs/heads/*:refs/remotes/origin/*",
                "+refs/tags/*:refs/tags/*",
            ])
    }

    static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }
    }
}

extension SourceTree {
    /// A directory of the tree as a tree of its own.
    ///
    /// - Throws: ``BuildError`` when it is missing or no directory.
    func subtree(_ path: [UInt8]) throws(BuildError) -> SourceTree {
        let directory = try naming("open directory", path) { () throws(Errno) in
            try DirectoryChain(root).directory(try RootedPath.resolve(path, in: root))
        }
        return SourceTree(directory, of: self)
    }
}

/// Makes a checkout the same wherever it is made: git takes modes from the umask and times from the clock.
private struct CheckoutNormalizing {
    let keepsGitDirectory: Bool
    let seconds: Int64

    func normalize(_ root: FD) throws(BuildError) {
        try naming("read git checkout", []) { () throws(Errno) in
            if !keepsGitDirectory { try root.removeTree(".git") }
        }
        let top = PlainDirectory(root)
        var all: [(path: [UInt8], status: FileStatus)] = []
        var walk = TreeWalk([])
        try walk.walk(top, named: []) { (found) throws(BuildError) in all.append((found.path, found.status)) }
        let chain = DirectoryChain(top)
        // What is in a directory first: changing it changes the directory's time.
        for (path, status) in all.reversed() {
            let (parent, last) = path.parentAndLast
            try naming("read git checkout", path) { () throws(Errno) in
                let directory = try chain.directory(parent.pathNames)
                // A submodule's.
                if last.elementsEqual(".git".utf8), !keepsGitDirectory {
                    if parent.isEmpty { return }
                    return try directory.removeTree(last.cPath)
                }
                if !status.isSymlink {
                    try directory.setMode(last.cPath, status.isDirectory || status.mode & 0o100 != 0 ? 0o755 : 0o644)
                }
                try directory.setModified(last.cPath, Timestamp(seconds: seconds, nanoseconds: 0))
            }
        }
    }
}
