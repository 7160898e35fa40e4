internal import Linux
internal import OCI

extension BuildSession {
    /// An image of an OCI directory, brought into the store for as long as the build lasts.
    func load(layout path: [UInt8], tag: String?, digest: Digest?) throws(BuildError) -> Store.Image {
        let directory = try naming("open image layout", path) { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
        }
        let shown = displayed(path)
        let images: [ArchivedImage]
        do { images = try ImageArchive.load(directory: directory, into: try lease.blobs(), for: .host) } catch {
            throw BuildError("read image layout \(shown): \(error)")
        }
        let found =
            if let digest {
                images.first { $0.manifest.digest == digest }
            } else if let tag {
                images.first { $0.tags.contains(tag) || $0.names.contains { $0.tag == tag } }
            } else {
                images.first
            }
        guard let found else { throw BuildError("read image layout \(shown): it has no such image") }
        return try BuildError.wrapping { () throws(StoreError) in
            let image = try store.load(found.manifest)
            _ = try store.unpacked(image, lease)
            return image
        }
    }
}
