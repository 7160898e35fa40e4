import CLinux
import Linux
import OCI

/// A file of the shown tree, taken out of its layer.
enum FileExtraction {
    /// Writes the file at a node, as it is at a layer, into the working directory under its own name. Nothing that is there
    /// is replaced: a number is added instead.
    ///
    /// - Returns: the name it got.
    /// - Throws: ``AnalysisError`` for what is no file, and where it cannot be read or written; then nothing is left.
    static func extract(_ node: Int32, at layer: Int, of analysis: ImageAnalysis) throws(AnalysisError) -> [UInt8] {
        let tree = analysis.tree
        let action = "extract \(displayed(tree.path(node))): "
        guard let event = tree.state(node, at: layer) else {
            throw AnalysisError(action + "this layer does not show it")
        }
        let source = tree.data(event)
        guard let entry = tree.entry(source), entry.kind == .file else {
            throw AnalysisError(action + "only files are extracted")
        }
        let name = freeName(tree.nodes[Int(node)].name)
        var file = try writing(action) { () throws(Errno) in try NewFile(name) }
        try copy(entry, from: analysis.image.layers[Int(source.layer)].content, to: file.fd, action)
        try writing(action) { () throws(Errno) in try file.publish(replacing: false) }
        return name
    }

    @discardableResult
    private static func writing<Result: ~Copyable>(
        _ action: String, _ body: () throws(Errno) -> Result
    ) throws(AnalysisError) -> Result {
        do throws(Errno) { return try body() } catch { throw AnalysisError(action + "\(error)") }
    }

    /// The first of NAME, NAME.1, NAME.2 … that is nobody's.
    private static func freeName(_ name: [UInt8]) -> [UInt8] {
        var free = name
        var number = 0
        while (try? FD.workingDirectory.status(free.map { CChar(bitPattern: $0) } + [0])) != nil {
            number += 1
            free = name + Array(".\(number)".utf8)
        }
        return free
    }

    private static func copy(
        _ wanted: LayerEntry, from content: LayerContent, to file: FD, _ action: String
    ) throws(AnalysisError) {
        var failure: Errno?
        try content.read { (reader) throws(LayerError) in
            while let entry = try reader.next() {
                guard entry.name == wanted.path, case .file = entry.kind else { continue }
                try reader.data { bytes, offset in
                    guard failure == nil else { return }
                    do throws(Errno) { try write(bytes, at: offset, to: file) } catch { failure = error }
                }
            }
        }
        if let failure { throw AnalysisError(action + "\(failure)") }
        // A hole at the end is not in any piece.
        try writing(action) { () throws(Errno) in try check(cl_ftruncate(file.raw, wanted.size)) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64, to file: FD) throws(Errno) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let result = cl_pwrite(file.raw, base + done, bytes.count - done, offset + Int64(done))
            if result == -4 { continue }
            done += try check(result)
        }
    }
}
