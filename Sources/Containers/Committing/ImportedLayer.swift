public import Linux
public import OCI

extension Store {
    /// Makes a layer of a plain tar, compressed or not: what is unpacked of it becomes the unpacked layer, and its blob is
    /// written anew, so that equal trees are equal layers.
    ///
    /// - Throws: ``ContainerError``: what the tar is refused for, or what the file system says. Nothing is left.
    public func built(
        _ builder: LayerBuilder, ofTar file: FD, _ lease: Lease, limits: LayerLimits = LayerLimits()
    ) throws(ContainerError) -> BuiltLayer {
        let place = lease.directory + Array("/imported".utf8)
        try ContainerError.wrapping { () throws(LayerError) in
            try LayerUnpacker(limits: limits).unpack(file, to: place)
        }
        let layer = try built(builder, LayerSource(upper: place), lease)
        try ContainerError.wrapping { () throws(StoreError) in try adopt(place, as: layer, lease) }
        return layer
    }
}
