/// What `FROM`, `--from` and `--target` name.
extension Dockerfile {
    /// What a stage's base or a `--from` refers to.
    public enum Source: Sendable, Equatable {
        case stage(Int)
        /// An image, or a context named on the command line.
        case external([UInt8])
    }

    /// The stage that another one is built on, if its expanded base names one before it.
    public func base(_ expanded: [UInt8], of stage: Int) -> Source {
        let name = String(decoding: expanded, as: UTF8.self)
        return stageIndex(name, before: stage).map { .stage($0) } ?? .external(expanded)
    }

    /// The last stage of a name before another one.
    private func stageIndex(_ name: String, before stage: Int) -> Int? {
        guard let indices = stagesByName[name] else { return nil }
        // Looked for by halves: a file may give one name to any number of stages.
        var (low, high) = (0, indices.count)
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] < stage { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : indices[low - 1]
    }

    /// What `COPY --from` or a mount's `from` in a stage refers to: a number, a stage's name in any case, or something
    /// outside the file.
    ///
    /// - Throws: when it is the stage itself or a later one, or a number that no stage has.
    public func source(_ from: [UInt8], in stage: Int, at location: SourceLocation) throws(DockerfileError) -> Source {
        let later = "cannot copy from a stage that is not defined before this one"
        if let number = from.number(base: 10, atMost: Int(Int32.max)) {
            guard number < stages.count else {
                throw DockerfileError(Complaint("invalid stage index", from), at: location)
            }
            guard number < stage else { throw DockerfileError(Complaint(later, from), at: location) }
            return .stage(number)
        }
        let name = String(decoding: from.lowercased, as: UTF8.self)
        if let index = stageIndex(name, before: stage) { return .stage(index) }
        guard stagesByName[name] == nil else { throw DockerfileError(Complaint(later, from), at: location) }
        return .external(from)
    }

    /// The stage to build: the last one, or the one a name or number says.
    ///
    /// - Throws: when there is none, with the nearest name there is.
    public func target(_ name: String?) throws(DockerfileError) -> Int {
        guard let name else { return stages.count - 1 }
        let lowercased = name.lowercased()
        if let index = stagesByName[lowercased]?.last { return index }
        if let number = Array(name.utf8).number(base: 10, atMost: stages.count - 1) { return number }
        throw DockerfileError(
            Complaint("target stage could not be found", Array(name.utf8), knownWords: stages.compactMap(\.name)),
            at: SourceLocation(file: self.name, firstLine: 1, lastLine: 1))
    }
}
