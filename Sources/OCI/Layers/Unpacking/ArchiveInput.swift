/// Where an archive's bytes come from.
package protocol ArchiveInput: AnyObject {
    /// The next bytes, valid until the next call; empty at the end.
    func next() throws(LayerError) -> UnsafeRawBufferPointer
    /// Passes over as many of the next bytes as is possible without reading them; returns how many.
    func skip(_ count: Int64) -> Int64
}

extension ArchiveInput {
    package func skip(_ count: Int64) -> Int64 { 0 }
}
