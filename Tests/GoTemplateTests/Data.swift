import GoTemplate

/// What `Fixtures/known.go` runs its templates on.
let data = Value.object([
    .init("ID", .string("sha256:0123456789abcdef")), .init("Names", .strings(["busybox:latest", "box:1"])),
    .init("None", .strings(nil)), .init("Labels", .map(["b": "two words", "a": "1", "org.x/y": "<&>"])),
    .init("Ports", .set(["80/tcp", "53/udp"])), .init("NoMap", .map(nil)), .init("Size", .integer(1_234_567)),
    .init("Ratio", .number(0.25)), .init("Zero", .integer(0)), .init("Empty", .string("")), .init("On", .bool(true)),
    .init("Off", .bool(false)), .init("State", state("running", isRunning: true, 3)),
    .init("Layers", .list(.init([state("one"), state("two", -2)]))),
    .init(
        "Matrix",
        .list(.init([.list(.init([.integer(1), .integer(2)])), .list(.init([.integer(3)]))]))),
    .init("Odd", .string("tab\tquote\"back\\slash\nline é \u{2028} \u{1}")),
])

private func state(_ status: String, isRunning: Bool = false, _ code: Int64 = 0) -> Value {
    .object([
        .init("Status", .string(status)), .init("Running", .bool(isRunning)), .init("ExitCode", .integer(code)),
        .init("Health", .null),
    ])
}
