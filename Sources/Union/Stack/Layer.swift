import CLinux
import Linux

/// One directory of the stack.
struct Layer: @unchecked Sendable {
    /// For messages.
    let path: [UInt8]
    /// Open for as long as the union.
    let root: Int32
    let device: UInt64
    let mountID: UInt64
    /// Which of the file systems of the stack, for inode numbers.
    let fileSystem: Int
    /// The file system's UUID as it goes into file handles; zeros where it says none.
    let uuid: [UInt8]
    /// A private copy of the mount: nothing is mounted inside it.
    let ownMount: Bool
    /// Owners are read from an attribute (SEMANTICS 9.5).
    let recordsOwnership: Bool
    let record: LayerDirectory

    func rootDirectory() -> LayerDirectory {
        record.pointee.references += 1
        return record
    }
}

/// The names of our marks, with both ends of the mode: what we write, and every form that we read (SEMANTICS 4.5, 9.4).
struct MarkNames: Sendable {
    /// "trusted.overlay." or "user.overlay.".
    let prefix: [UInt8]
    let userMode: Bool

    init(userMode: Bool) {
        self.userMode = userMode
        prefix = Array((userMode ? "user.overlay." : "trusted.overlay.").utf8)
    }

    /// The attribute `mark` in the namespace that we write, with its NUL.
    func name(_ mark: Mark) -> [CChar] { (prefix + Array(mark.rawValue.utf8) + [0]).map { CChar(bitPattern: $0) } }
}

enum Mark: String { case opaque, redirect, origin, impure, nlink, metacopy, whiteout, upper }
