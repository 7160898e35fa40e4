/// Somebody who looks at the entries of one layer while it is read, and at the data of those files that he wants.
public protocol LayerVisitor: Sendable {
    /// Told of every entry in the order of the tar, before its data; ``LayerEntry/content`` is not known yet.
    ///
    /// - Returns: how much of a file's data ``take(_:at:)`` is to be given. Asked of every entry, meant for files.
    mutating func visit(_ entry: LayerEntry) -> ContentWish

    /// The next piece of the data of the entry last visited. Pieces come in order; what is between them is zeros. The bytes are
    /// valid during the call.
    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64)

    /// The entry last visited is at its end, its ``LayerEntry/content`` known. For every entry, whatever was wished.
    mutating func end(_ entry: LayerEntry)
}

/// How much of a file's data is wanted.
public enum ContentWish: Equatable, Sendable {
    case nothing
    /// As many bytes from the beginning, or fewer where the file has fewer.
    case first(Int64)
    case everything
}

extension LayerVisitor {
    public mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {}
    public mutating func end(_ entry: LayerEntry) {}
}
