import CLinux
import Linux

/// Files whose metadata and data lie in different layers (overlayfs.rst, "Metadata only copy up", "Data-only lower layers").
extension Union {
    /// Whether the file found holds metadata only. One call, and only where its data may be missing: a file that has
    /// fewer blocks than bytes, or lies beside copied-up ones.
    func isMetacopy(_ found: Found, _ name: Name) throws(Errno) -> Bool {
        let status = found.status
        if status.size == 0 && found.layer != 0 { return false }
        let sparse = status.blocks * 512 < status.size
        if !sparse, found.holder.pointee.impure == .no || found.layer != 0 && status.blocks > 16 { return false }
        let fd = try pin(found.holder)
        defer { unpin(found.holder) }
        if !sparse, !isImpure(found.holder, fd) { return false }
        return try withPath(found, name) { (path) throws(Errno) in
            try fd.attribute(path, marks.name(.metacopy)) != nil
        }
    }

    private func withPath<Result>(
        _ found: Found, _ name: Name, _ body: (CPath) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard let other = found.name else { return try body(name.path) }
        return try withName(other) { (name) throws(Errno) in try body(name.path) }
    }

    /// Where the data of a metacopy file lies: below under its name, or where its redirect says. Counted for the caller.
    func findData(
        _ found: Found, parent: Node, name: Name
    ) throws(Errno) -> (place: LowerPlace, redirected: Bool)? {
        let fd = try pin(found.holder)
        defer { unpin(found.holder) }
        let redirect = try withPath(found, name) { (path) throws(Errno) in
            try fd.attribute(path, marks.name(.redirect))
        }
        if let redirect, redirect.first == 0x2f {
            return try followFile(redirect, below: found.layer).map { ($0, true) }
        }
        if let redirect, redirect.isEmpty || redirect.contains(0x2f) || redirect.contains(0) { throw Errno.io }
        guard let directory = parent.pointee.directory else { return nil }
        let below = directory.pointee.lowers.filter { $0.pointee.layer > found.layer }
        let wanted = redirect ?? found.name ?? Array(name.bytes)
        let data = try withName(wanted) { (name) throws(Errno) in try probe(below, name) }
        return try place(of: data, wanted, parent: parent).map { ($0, redirect != nil) }
    }

    /// A lower's file as the place of data: the next one below when it is a metacopy too.
    private func place(of data: Found?, _ name: [UInt8], parent: Node?) throws(Errno) -> LowerPlace? {
        guard let data else { return nil }
        guard data.status.isRegular else {
            release(data.directories)
            return nil
        }
        let own = data.name ?? name
        let meta = try withName(own) { (name) throws(Errno) in try isMetacopy(data, name) }
        if meta, let parent {
            return try withName(own) { (name) throws(Errno) in try findData(data, parent: parent, name: name)?.place }
        }
        monitor.lock()
        data.holder.pointee.references += 1
        let bytes = own.withUnsafeBufferPointer { NameBytes($0) }
        monitor.unlock()
        return LowerPlace(directory: data.holder, name: bytes)
    }

    private func followFile(_ redirect: [UInt8], below layer: Int) throws(Errno) -> LowerPlace? {
        let components = redirect.split(separator: 0x2f).map(Array.init)
        guard let last = components.last else { throw Errno.io }
        for component in components {
            guard component != [0x2e], component != [0x2e, 0x2e], component.count <= 255, !component.contains(0) else {
                throw Errno.io
            }
        }
        // Data-only layers are asked after all others, each on its own.
        let ordinary = layers.indices.filter { $0 > layer && $0 < firstDataLayer }
        let groups = [ordinary] + layers.indices.filter { $0 >= firstDataLayer }.map { [$0] }
        for group in groups where !group.isEmpty {
            var current = group.map { layers[$0].rootDirectory() }
            defer { release(current) }
            var missing = false
            for component in components.dropLast() {
                let next = try withName(component) { (name) throws(Errno) in try probe(current, name) }
                release(current)
                current = next?.directories ?? []
                if current.isEmpty {
                    missing = true
                    break
                }
            }
            if missing { continue }
            let data = try withName(last) { (name) throws(Errno) in try probe(current, name) }
            if let place = try place(of: data, last, parent: nil) { return place }
        }
        return nil
    }
}
