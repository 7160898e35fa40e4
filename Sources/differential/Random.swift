/// Numbers that follow from a seed alone (splitmix64), so that a run can be repeated.
struct Random {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z &>> 31)
    }

    /// A number from 0 up to, and without, `limit`.
    mutating func below(_ limit: Int) -> Int {
        limit <= 1 ? 0 : Int(next() % UInt64(limit))
    }

    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    mutating func chance(_ percent: Int) -> Bool {
        below(100) < percent
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element? {
        choices.isEmpty ? nil : choices[below(choices.count)]
    }

    mutating func pick<Element>(_ choices: [Element], or other: Element) -> Element {
        pick(choices) ?? other
    }
}

/// Bytes that follow from a number, so that an operation can be described without them.
struct Payload {
    var seed: UInt64
    var length: Int

    var bytes: Bytes {
        var random = Random(seed: seed)
        var result = Bytes()
        result.reserveCapacity(length)
        while result.count < length {
            // Never zero: a zero must come from a hole, or from a mistake.
            var word = random.next() | 0x0101_0101_0101_0101
            for _ in 0..<min(8, length - result.count) {
                result.append(UInt8(truncatingIfNeeded: word))
                word &>>= 8
            }
        }
        return result
    }
}
