import Glibc

/// Which parts of a generated case are left: what `--replay` takes.
struct Selection {
    /// Steps by their number in the generated case; nil: all.
    var steps: [Int]
    /// Entries of the stack that are left out, numbered from the upper's root on.
    var withoutEntries: Set<Int> = []
    /// Lowers that are left out, from the top.
    var withoutLowers: Set<Int> = []

    func applied(to kase: Case) -> Case {
        var result = kase
        result.steps = steps.filter { kase.steps.indices.contains($0) }.map { kase.steps[$0] }
        var number = 0
        func filtered(_ layer: Layer) -> Layer {
            var entries: [Entry] = []
            for entry in layer.entries {
                if entry.path.isEmpty || !withoutEntries.contains(number) { entries.append(entry) }
                number += 1
            }
            return Layer(entries: Self.whole(entries), isForeign: layer.isForeign)
        }
        result.stack.upper = filtered(kase.stack.upper)
        result.stack.lowers = kase.stack.lowers.map(filtered)
        let kept = result.stack.lowers.indices.filter { !withoutLowers.contains($0) }
        if !kept.isEmpty { result.stack.lowers = kept.map { result.stack.lowers[$0] } }
        return result
    }

    /// Without entries whose directory, or whose first link, is gone.
    private static func whole(_ entries: [Entry]) -> [Entry] {
        var there: Set<Bytes> = []
        var result: [Entry] = []
        for entry in entries {
            guard entry.path.isEmpty || there.contains(entry.path.parentPath) else { continue }
            if case .hardLink(let first) = entry.kind, !there.contains(first) { continue }
            there.insert(entry.path)
            result.append(entry)
        }
        return result
    }

    /// `3,7,12` or `3,7-12:e4,e9-20,l1`.
    var text: String {
        let left =
            Self.ranges(withoutEntries.sorted()).map { "e" + $0 } + Self.ranges(withoutLowers.sorted()).map { "l" + $0 }
        let steps = Self.ranges(steps).joined(separator: ",")
        return left.isEmpty ? steps : steps + ":" + left.joined(separator: ",")
    }

    private static func ranges(_ numbers: [Int]) -> [String] {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    }

    private static func numbers(_ text: Substring) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", maxSplits: 1).map { Int($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, (0...last).contains(first) else { return nil }
        return last < 1_000_000 ? first...last : nil
    }

    init(steps: [Int]) {
        self.steps = steps
    }

    init?(text: Substring) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        steps = []
        for part in halves.first?.split(separator: ",") ?? [] {
            guard let numbers = Self.numbers(part) else { return nil }
            steps += numbers
        }
        guard halves.count > 1 else { return }
        for part in halves[1].split(separator: ",") {
            guard let numbers = Self.numbers(part.dropFirst()) else { return nil }
            if part.first == "e" {
                withoutEntries.formUnion(numbers)
            } else if part.first == "l" {
                withoutLowers.formUnion(numbers)
            } else {
                return nil
            }
        }
    }
}

/// Finds a small case that still differs in the same way.
struct Shrinker {
    let kase: Case
    let kind: String
    /// Runs a case from scratch.
    let attempt: (Case) -> Finding?
    let deadline: Int

    private(set) var selection: Selection
    private(set) var finding: Finding
    private(set) var attempts = 0

    init(kase: Case, finding: Finding, seconds: Int, attempt: @escaping (Case) -> Finding?) {
        self.kase = kase
        self.finding = finding
        kind = finding.difference.kind
        self.attempt = attempt
        deadline = time(nil) + seconds
        selection = Selection(steps: Array(kase.steps.indices))
    }

    mutating func shrink() {
        if let step = finding.step { _ = accept(Selection(steps: Array(0...step))) }
        shrinkSteps()
        shrinkStack()
        shrinkSteps()
    }

    private mutating func accept(_ candidate: Selection) -> Bool {
        guard time(nil) < deadline else { return false }
        attempts += 1
        guard let found = attempt(candidate.applied(to: kase)), found.difference.kind == kind else { return false }
        selection = candidate
        finding = found
        return true
    }

    /// Leaves out runs of steps: halves first, single ones last, from the end.
    private mutating func shrinkSteps() {
        var size = max(1, selection.steps.count / 2)
        while true {
            var end = selection.steps.count
            var shrunk = false
            while end > 0 {
                let start = max(0, end - size)
                var candidate = selection
                candidate.steps.removeSubrange(start..<end)
                if accept(candidate) { shrunk = true }
                end = start
            }
            if size > 1 {
                size /= 2
            } else if !shrunk {
                return
            }
            if time(nil) >= deadline { return }
        }
    }

    private mutating func shrinkStack() {
        for lower in kase.stack.lowers.indices where kase.stack.lowers.count - selection.withoutLowers.count > 1 {
            var candidate = selection
            candidate.withoutLowers.insert(lower)
            _ = accept(candidate)
        }
        var size = max(1, kase.stack.count / 4)
        while true {
            let left = (0..<kase.stack.count).filter { !selection.withoutEntries.contains($0) }
            var end = left.count
            while end > 0 {
                let start = max(0, end - size)
                var candidate = selection
                candidate.withoutEntries.formUnion(left[start..<end])
                _ = accept(candidate)
                end = start
            }
            if size == 1 || time(nil) >= deadline { return }
            size = max(1, size / 3)
        }
    }
}
