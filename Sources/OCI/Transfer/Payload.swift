public import Linux

import CLinux

/// The body of a request: read when the connection takes it, from any position, so that it can be sent again.
public struct Payload: Sendable {
    /// In bytes.
    public let length: Int64
    /// Fills the buffer from a position of the payload; 0 where it ends.
    let read: @Sendable (_ position: Int64, UnsafeMutableRawBufferPointer) throws(Errno) -> Int

    public static func bytes(_ bytes: [UInt8]) -> Payload {
        Payload(length: Int64(bytes.count)) { (position, buffer) throws(Errno) in
            let start = Int(clamping: position)
            guard start >= 0, start < bytes.count else { return 0 }
            let count = min(buffer.count, bytes.count - start)
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
            }
            return count
        }
    }

    /// `length` bytes of an open file from `offset`. A file that became shorter ends the transfer with an error.
    public static func file(_ file: SharedFile, offset: Int64 = 0, length: Int64) -> Payload {
        Payload(length: length) { (position, buffer) throws(Errno) in
            let left = length &- position
            guard left > 0 else { return 0 }
            let count = min(buffer.count, Int(clamping: left))
            return try check(cl_pread(file.descriptor.raw, buffer.baseAddress, count, offset &+ position))
        }
    }
}

/// An open file with several readers, closed after the last.
public final class SharedFile: Sendable {
    public let descriptor: Descriptor

    public init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
