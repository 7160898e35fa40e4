import CLinux
import Linux
import OCI

/// A directory of a tree that builds read or write, held open: one on a disk, or one that layers show together.
///
/// All names are single ones of things in the directory, or `.`, and none is followed. What a call throws is what a system
/// call would.
protocol TreeDirectory: AnyObject, Sendable {
    /// What is made here takes the directory's group (inode(7), S_ISGID).
    var givesGroup: Bool { get }
    /// Whom what is made here belongs to.
    var creator: Owner { get }

    func status(_ name: CPath) throws(Errno) -> FileStatus
    /// ENOTDIR for what is none, links among it.
    func directory(_ name: CPath) throws(Errno) -> any TreeDirectory
    /// In the order of their bytes.
    func names() throws(Errno) -> [[UInt8]]
    /// What a link says.
    func target(_ name: CPath) throws(Errno) -> [UInt8]
    /// A regular file for reading; nothing is waited for.
    func open(_ name: CPath) throws(Errno) -> Descriptor
    /// Those that an image carries, in the order of their names.
    func attributes(_ name: CPath) throws(Errno) -> [Selection.Attribute]

    func makeDirectory(_ name: CPath, mode: UInt32) throws(Errno)
    /// A new file for writing, which nobody else may read before ``setMode(_:_:)``.
    ///
    /// - Parameter mode: what it will have.
    func makeFile(_ name: CPath, mode: UInt32) throws(Errno) -> Descriptor
    func makeSymlink(_ name: CPath, target: CPath) throws(Errno)
    /// - Parameter mode: with the type.
    func makeNode(_ name: CPath, mode: UInt32, device: UInt64) throws(Errno)
    /// EXDEV where the other is a directory of another tree.
    func link(_ name: CPath, to other: any TreeDirectory, _ newName: CPath) throws(Errno)
    func unlink(_ name: CPath) throws(Errno)
    /// With all that it holds.
    func removeTree(_ name: CPath) throws(Errno)
    func setOwner(_ name: CPath, _ owner: Owner) throws(Errno)
    /// Permission bits.
    func setMode(_ name: CPath, _ mode: UInt32) throws(Errno)
    func setModified(_ name: CPath, _ time: Timestamp) throws(Errno)
    func setAttribute(_ name: CPath, _ attribute: Selection.Attribute) throws(Errno)
}

extension [CChar] {
    /// The directory itself.
    static var here: [CChar] { [CChar(bitPattern: .dot), 0] }
}
