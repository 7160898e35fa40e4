import Linux

/// Two gates to each node keep calls apart that would otherwise cross, without a lock held over I/O:
/// *names*, shared by lookups in a directory and exclusive for changes to its names;
/// *body*, exclusive for copy-up, and for whatever moves or removes the node itself.
///
/// Order: the rename gate, then names of directories (ancestors first, then by address), then bodies
/// (directories before their entries, then by address). The table lock is a leaf: nothing waits with it held.
extension Union {
    func enterNames(_ node: Node, exclusive: Bool) {
        monitor.lock()
        while exclusive ? node.pointee.namesGate != 0 : node.pointee.namesGate < 0 { waitLocked() }
        node.pointee.namesGate = exclusive ? -1 : node.pointee.namesGate + 1
        monitor.unlock()
    }

    func leaveNames(_ node: Node) {
        monitor.lock()
        node.pointee.namesGate = node.pointee.namesGate < 0 ? 0 : node.pointee.namesGate - 1
        wakeLocked()
        monitor.unlock()
    }

    func enterBody(_ node: Node) {
        monitor.lock()
        while node.pointee.bodyHeld { waitLocked() }
        node.pointee.bodyHeld = true
        monitor.unlock()
    }

    func leaveBody(_ node: Node) {
        monitor.lock()
        node.pointee.bodyHeld = false
        wakeLocked()
        monitor.unlock()
    }

    /// Enters several gates in the order of their addresses, each once.
    func enterBodies(_ nodes: [Node]) -> [Node] {
        var ordered: [Node] = []
        for node in nodes.sorted(by: { UInt(bitPattern: $0) < UInt(bitPattern: $1) }) where ordered.last != node {
            ordered.append(node)
        }
        for node in ordered { enterBody(node) }
        return ordered
    }

    private func waitLocked() {
        waiters += 1
        monitor.wait()
        waiters -= 1
    }

    private func wakeLocked() { if waiters > 0 { monitor.wakeAll() } }
}
