import CFuse
import CLinux
import Linux
import Union

extension Session {
    /// Tells the kernel to ask again for the attributes of a node (FUSE_NOTIFY_INVAL_INODE with no range).
    func invalidateAttributes(_ node: NodeID) { Self.invalidateAttributes(nodeNumber(node), device) }

    static func invalidateAttributes(_ number: UInt64, _ device: Int32) {
        var notice = fuse_notify_inval_inode_out()
        notice.ino = number
        notice.off = -1
        let size = MemoryLayout<fuse_out_header>.size + MemoryLayout<fuse_notify_inval_inode_out>.size
        let head = fuse_out_header(
            len: UInt32(size), error: Int32(bitPattern: FUSE_NOTIFY_INVAL_INODE.rawValue), unique: 0)
        withUnsafeBytes(of: head) { header in
            withUnsafeBytes(of: notice) { body in
                // Refused for a node that the kernel has forgotten, which is as well.
                _ = cl_writev2(device, header.baseAddress, header.count, body.baseAddress, body.count)
            }
        }
    }
}
