public import Dockerfile
import Linux
import OCI

/// Finds what a `COPY` or an `ADD` takes from a tree, as BuildKit's `dispatchCopy` and fsutil's `copy` have it.
public struct Selecting: Sendable {
    /// What one source of the instruction is taken by.
    public struct Rules: Sendable {
        /// `--exclude`: patterns from the source, matched as those of an ignore file.
        public var excludes: [[UInt8]] = []
        /// `--parents`: directories on the way from the source's pivot are made too.
        public var keepsParents = false
        /// Archives are unpacked.
        public var unpacks = false

        public init(excludes: [[UInt8]] = [], keepsParents: Bool = false, unpacks: Bool = false) {
            self.excludes = excludes
            self.keepsParents = keepsParents
            self.unpacks = unpacks
        }

        /// - Parameter isAdd: `ADD` unpacks local archives unless it is told otherwise.
        public init(_ copying: Copying, isAdd: Bool) {
            self.init(
                excludes: copying.excludes, keepsParents: copying.keepsParents, unpacks: copying.unpacks ?? isAdd)
        }
    }

    let tree: SourceTree
    let digests: FileDigests
    let location: SourceLocation
    let interruption: Interruption?

    /// - Parameters:
    ///   - location: of the instruction.
    ///   - interruption: ends the selecting early.
    public init(
        from tree: SourceTree, digests: FileDigests, at location: SourceLocation, interruption: Interruption? = nil
    ) {
        self.tree = tree
        self.digests = digests
        self.location = location
        self.interruption = interruption
    }

    /// What sources stand for: paths in the tree, which may be patterns. A pattern that matches nothing stands for nothing.
    ///
    /// - Throws: ``BuildError`` for a source that is missing, a malformed pattern, or a tree that cannot be read.
    public func select(_ sources: [[UInt8]], _ rules: Rules = Rules()) throws(BuildError) -> Selection {
        do throws(BuildError) {
            var items: [Selection.Item] = []
            for source in sources {
                items += rules.keepsParents ? try parents(source, rules) : try places(of: source, rules)
            }
            try digest(&items)
            return try Selection(items)
        } catch {
            throw error.at(location)
        }
    }

    /// A file whose name is no pattern.
    func selectFile(_ path: [UInt8], unpacks: Bool) throws(BuildError) -> Selection {
        do throws(BuildError) {
            guard let item = try item(path, path, [], Rules(unpacks: unpacks)) else { throw missing(path) }
            var items = [item]
            try digest(&items)
            return try Selection(items)
        } catch {
            throw error.at(location)
        }
    }

    /// The whole tree: as `ADD` copies a git repository, and for a bind mount.
    public func selectAll() throws(BuildError) -> Selection { try select([[.slash]]) }

    private func places(of source: [UInt8], _ rules: Rules) throws(BuildError) -> [Selection.Item] {
        let exclude = try filter(rules.excludes)
        var items: [Selection.Item] = []
        for (path, fromPattern) in try SourcePattern(source, at: location).paths(in: tree) {
            // What a pattern of the file names is excluded by its own name, as documented for --exclude.
            if let fromPattern, let exclude {
                let names = PathFilter(exclude, start: fromPattern)
                if names.startIsIgnored, !names.mayKeep(below: names.start) { continue }
            }
            let filters = exclude.map { [PathFilter($0)] } ?? []
            if let item = try item(path, source, filters, rules) {
                items.append(item)
            } else if fromPattern == nil {
                throw missing(source)
            }
        }
        return items
    }

    /// `--parents`: the part behind the pivot is a pattern for all below the part before it.
    private func parents(_ source: [UInt8], _ rules: Rules) throws(BuildError) -> [Selection.Item] {
        let pivot = source.firstRange(of: Array("/./".utf8))
        let base = pivot.map { Array(source[..<$0.lowerBound]) } ?? []
        let pattern = CleanPath.clean([.slash] + (pivot.map { Array(source[$0.upperBound...]) } ?? source))
        let relative = Array(pattern.dropFirst())
        var filters = try filter(rules.excludes).map { [PathFilter($0)] } ?? []
        if !relative.isEmpty {
            do throws(DockerfileError) { filters.append(try PathFilter.keeping(relative, at: location)) } catch {
                throw BuildError(error.message, at: error.location)
            }
        }
        var items: [Selection.Item] = []
        for (path, _) in try SourcePattern(base, at: location).paths(in: tree) {
            var rules = rules
            rules.unpacks = false
            guard let item = try item(path, source, filters, rules) else { throw missing(source) }
            items.append(item)
        }
        let isLiteral = !Glob.isPattern(base) && !Glob.isPattern(relative)
        if isLiteral, items.allSatisfy(\.entries.isEmpty), try !isThere(base.joined(relative)) { throw missing(source) }
        return items
    }

    private func filter(_ patterns: [[UInt8]]) throws(BuildError) -> IgnoreFile? {
        if patterns.isEmpty { return nil }
        do throws(DockerfileError) { return try IgnoreFile(patterns: patterns, at: location) } catch {
            throw BuildError(error.message, at: error.location)
        }
    }

    private func isThere(_ path: [UInt8]) throws(BuildError) -> Bool {
        try item(path, path, [], Rules()) != nil
    }

    private func missing(_ source: [UInt8]) -> BuildError {
        let shown = source.first == .slash ? source : [.slash] + source
        return BuildError("compute cache key: \"\(displayed(shown))\": not found", at: location)
    }

    /// One object of the tree, links to it followed; nil when there is none, or the tree's rules leave it out.
    private func item(
        _ path: [UInt8], _ source: [UInt8], _ filters: [PathFilter], _ rules: Rules
    ) throws(BuildError) -> Selection.Item? {
        let root = tree.root
        let names = try naming("read", path) { () throws(Errno) in try RootedPath.resolve(path, in: root) }
        let status: FileStatus
        let parent: any TreeDirectory
        let last = names.last ?? [.dot]
        do throws(Errno) {
            parent = try DirectoryChain(root).directory(names.dropLast())
            status = try parent.status(last.cPath)
        } catch {
            guard error == .noEntry || error == .notDirectory else { throw BuildError("read", path, error) }
            return nil
        }
        let ignore = tree.ignore.map { PathFilter($0, start: names.path) }
        var item = Selection.Item(
            source: source, name: path.pathNames.last ?? [], form: status.isDirectory ? .directory : .file,
            tree: tree, place: names.path, entries: [])
        guard status.isDirectory else {
            guard ignore?.startIsIgnored != true else { return nil }
            guard !status.isSocket else { throw BuildError("copy", source, "a socket, which no image holds") }
            let entry = try SelectedEntries.entry([], status, parent, last, source)
            if rules.unpacks, status.isRegular, try ArchiveSniffing.isArchive(parent, last, source) {
                item = Selection.Item(
                    source: source, name: item.name, form: .archive, tree: tree, place: item.place, entries: [entry])
            } else {
                item.entries = [entry]
            }
            return item
        }
        let opened = try naming("read", path) { () throws(Errno) in
            try parent.directory(last.cPath)
        }
        var entries = SelectedEntries()
        var walk = TreeWalk((ignore.map { [$0] } ?? []) + filters)
        try walk.walk(opened, named: names.path) { (found) throws(BuildError) in
            try interruption?.check()
            try entries.add(found)
        }
        item.entries = entries.entries
        return ignore?.startIsIgnored == true && item.entries.isEmpty ? nil : item
    }

    /// Adds the digests of all files.
    private func digest(_ items: inout [Selection.Item]) throws(BuildError) {
        var files: [FileDigests.File] = []
        for item in items {
            for entry in item.entries where entry.status.isRegular && entry.firstLink == nil {
                files.append(FileDigests.File(path: item.place.joined(entry.path), status: entry.status))
            }
        }
        var digests = try digests.digests(of: files, in: tree, interruption).makeIterator()
        for index in items.indices {
            for entry in items[index].entries.indices {
                let status = items[index].entries[entry].status
                guard status.isRegular, items[index].entries[entry].firstLink == nil else { continue }
                items[index].entries[entry].digest = digests.next()
            }
        }
    }
}
