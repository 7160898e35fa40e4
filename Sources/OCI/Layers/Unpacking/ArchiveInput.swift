/// Where an archive's bytes come from.
package protocol ArchiveInput: AnyObject {
    /// The next bytes, valid until the next call; empty at the end.
    func next() throws(LayerError) -> UnsafeRawBufferPointer
}
