/// Does something with each of several things, `width` of them at once. The first error ends all.
func concurrently<Element: Sendable, Failure: Error>(
    _ elements: [Element], _ width: Int, _ body: @escaping @Sendable (Element) async throws(Failure) -> Void
) async throws(Failure) {
    let result = await withTaskGroup(of: Result<Void, Failure>.self) { group in
        var waiting = elements.makeIterator()
        func start() {
            guard let element = waiting.next() else { return }
            group.addTask {
                do throws(Failure) { return .success(try await body(element)) } catch { return .failure(error) }
            }
        }
        for _ in 0..<max(1, width) { start() }
        while let result = await group.next() {
            if case .failure = result {
                group.cancelAll()
                return result
            }
            start()
        }
        return .success(())
    }
    try result.get()
}

extension [ContentDescriptor] {
    /// Each content once: an image may have the same layer twice.
    var unique: [ContentDescriptor] {
        var seen: Set<Digest> = []
        return filter { seen.insert($0.digest).inserted }
    }
}
