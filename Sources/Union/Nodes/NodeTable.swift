import CLinux
import Linux

/// Nodes by directory and name, and those with several names by inode. Guarded by `monitor`, the table lock.
struct NodeTable {
    private var buckets: UnsafeMutableBufferPointer<Link?>
    private(set) var links = 0
    private var inodes: [InodeKey: Node] = [:]

    init() {
        buckets = .allocate(capacity: 1024)
        buckets.initialize(repeating: nil)
    }

    func find(_ parent: Node, _ name: Name, hash: UInt) -> Link? {
        var link = buckets[Int(hash & UInt(buckets.count - 1))]
        while let here = link {
            if here.pointee.hash == hash, here.pointee.parent == parent, here.pointee.name.equals(name) { return here }
            link = here.pointee.next
        }
        return nil
    }

    mutating func insert(_ link: Link) {
        if links >= buckets.count { resize(buckets.count * 2) }
        let slot = Int(link.pointee.hash & UInt(buckets.count - 1))
        link.pointee.next = buckets[slot]
        buckets[slot] = link
        links += 1
    }

    mutating func remove(_ link: Link) {
        let slot = Int(link.pointee.hash & UInt(buckets.count - 1))
        if buckets[slot] == link {
            buckets[slot] = link.pointee.next
        } else {
            var before = buckets[slot]
            while let here = before, here.pointee.next != link { before = here.pointee.next }
            before?.pointee.next = link.pointee.next
        }
        links -= 1
        // What the kernel has forgotten must not be paid for (SEMANTICS 11.4).
        if links * 8 < buckets.count, buckets.count > 1024 { resize(buckets.count / 2) }
    }

    private mutating func resize(_ capacity: Int) {
        let old = buckets
        buckets = .allocate(capacity: capacity)
        buckets.initialize(repeating: nil)
        for index in old.indices {
            var link = old[index]
            while let here = link {
                link = here.pointee.next
                let slot = Int(here.pointee.hash & UInt(capacity - 1))
                here.pointee.next = buckets[slot]
                buckets[slot] = here
            }
        }
        old.deallocate()
    }

    /// Forgets everything, when nothing will be asked any more. `body` sees each node with a name.
    mutating func removeAll(_ body: (Node) -> Void) {
        for bucket in buckets {
            var link = bucket
            while let here = link {
                link = here.pointee.next
                let node = here.pointee.node
                if node.pointee.links == here { body(node) }
            }
        }
        buckets.deallocate()
        buckets = .allocate(capacity: 1)
        buckets.initialize(repeating: nil)
        inodes = [:]
    }

    func node(for key: InodeKey) -> Node? { key == .none ? nil : inodes[key] }

    mutating func register(_ node: Node, key: InodeKey) {
        node.pointee.key = key
        inodes[key] = node
    }

    mutating func unregister(_ node: Node) {
        if node.pointee.key != .none, inodes[node.pointee.key] == node { inodes[node.pointee.key] = nil }
        node.pointee.key = .none
    }
}

extension Union {
    // MARK: Names of nodes. Precondition of all: the table lock is held.

    func addLinkLocked(_ node: Node, parent: Node, name: Name) {
        let hash = name.hash(in: UInt(bitPattern: parent))
        let link = Link.allocate(capacity: 1)
        link.initialize(
            to: LinkRecord(
                node: node, parent: parent, name: NameBytes(name.bytes), hash: hash, next: nil,
                sibling: node.pointee.links))
        node.pointee.links = link
        parent.pointee.holds += 1
        table.insert(link)
    }

    private func takeOutLocked(_ link: Link) {
        let node = link.pointee.node
        if node.pointee.links == link {
            node.pointee.links = link.pointee.sibling
        } else {
            var before = node.pointee.links
            while let here = before, here.pointee.sibling != link { before = here.pointee.sibling }
            before?.pointee.sibling = link.pointee.sibling
        }
    }

    /// Makes it the name by which the node is reached.
    func putFirstLocked(_ link: Link) {
        takeOutLocked(link)
        link.pointee.sibling = link.pointee.node.pointee.links
        link.pointee.node.pointee.links = link
    }

    func removeLinkLocked(_ link: Link) {
        table.remove(link)
        takeOutLocked(link)
        let parent = link.pointee.parent
        link.pointee.name.release()
        link.deallocate()
        parent.pointee.holds -= 1
        collectLocked(parent)
    }

    /// Frees the node when nobody refers to it any more, and then its directories upwards.
    func collectLocked(_ first: Node) {
        var node = first
        while node.pointee.lookups == 0, node.pointee.holds == 0, node != root {
            table.unregister(node)
            var parent: Node?
            while let link = node.pointee.links {
                // Only the last parent goes on in this loop; the others are collected by recursion, once for each alias.
                if let other = parent {
                    other.pointee.holds -= 1
                    collectLocked(other)
                }
                parent = link.pointee.parent
                table.remove(link)
                node.pointee.links = link.pointee.sibling
                link.pointee.name.release()
                link.deallocate()
            }
            releaseLocked(&node.pointee.lower)
            releaseLocked(&node.pointee.data)
            node.pointee.indexName?.release()
            if let directory = node.pointee.directory {
                if let upper = directory.pointee.upper { releaseLocked(upper) }
                for lower in directory.pointee.lowers { releaseLocked(lower) }
                directory.pointee.lowers.deallocate()
                directory.deallocate()
            }
            if let file = node.pointee.file { closeFile(file) }
            node.deinitialize(count: 1)
            node.deallocate()
            nodeCount -= 1
            guard let up = parent else { return }
            up.pointee.holds -= 1
            node = up
        }
    }

    func makeNodeLocked(number: UInt64, real: UInt64, type: UInt32) -> Node {
        let node = Node.allocate(capacity: 1)
        node.initialize(to: NodeRecord(number: number, real: real, type: type))
        nodeCount += 1
        mostNodes = max(mostNodes, nodeCount)
        return node
    }
}

extension Union {
    /// Gives memory back to the system once most of what was known is forgotten (SEMANTICS 11.4).
    public func trimMemory() {
        monitor.lock()
        let isDue = mostNodes > 50_000 && nodeCount < mostNodes / 2
        if isDue { mostNodes = nodeCount }
        monitor.unlock()
        if isDue { cl_trim_memory() }
    }
}
