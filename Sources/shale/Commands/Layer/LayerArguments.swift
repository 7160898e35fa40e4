public import ArgumentParser
public import OCI

extension Digest: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(argument) }
}

extension Compression: ExpressibleByArgument {}
