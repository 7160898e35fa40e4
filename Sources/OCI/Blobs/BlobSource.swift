/// Where the documents and blobs of images are looked up by digest.
protocol BlobSource {
    /// Bytes of a blob; nil where it is missing.
    func size(of digest: Digest) throws(BlobError) -> Int64?
    /// The bytes of a document, verified.
    func document(_ digest: Digest) throws(BlobError) -> [UInt8]
}

extension BlobDirectory: BlobSource {
    func document(_ digest: Digest) throws(BlobError) -> [UInt8] {
        try document(digest, atMost: Repository.documentLimit)
    }
}
