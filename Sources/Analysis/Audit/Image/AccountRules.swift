internal import OCI

/// `/etc/passwd`, `/etc/shadow` and `/etc/group` (passwd(5), shadow(5), group(5)), as the container sees them.
enum AccountRules {
    static func check(_ tree: VisibleTree, _ visitors: [AuditVisitor?], _ report: inout ImageReport) {
        func file(_ name: String) -> (path: [UInt8], layer: Int, rows: [[String]])? {
            let path = Array(name.utf8)
            guard let (layer, _) = tree.entry(path), let content = visitors[layer]?.accounts[path] else { return nil }
            let rows = content.split(separator: 0x0a).prefix(100_000).map { line in
                line.split(separator: 0x3a, omittingEmptySubsequences: false).map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
            return (path, layer, rows.filter { $0.count > 2 && !$0[0].hasPrefix("#") })
        }
        let shadow = file("etc/shadow")
        if let (path, layer, rows) = file("etc/passwd") {
            for row in rows where row[1].isEmpty { report.add(.passwordEmpty, path, layer: layer, named(row[0])) }
            for row in rows where isHash(row[1]) { report.add(.passwordHash, path, layer: layer, named(row[0])) }
            checkDuplicates("uid", rows, path, layer, &report)
        }
        if let (path, layer, rows) = shadow {
            for row in rows where row[1].isEmpty { report.add(.passwordEmpty, path, layer: layer, named(row[0])) }
            for row in rows where isHash(row[1]) { report.add(.passwordHash, path, layer: layer, named(row[0])) }
        }
        if let (path, layer, rows) = file("etc/group") { checkDuplicates("gid", rows, path, layer, &report) }
    }

    private static func named(_ account: String) -> String { oneLine(account, atMost: 60) }

    /// `!` and `*` before or instead of a hash lock the account; `x` is a hash elsewhere.
    private static func isHash(_ password: String) -> Bool {
        password.utf8.count >= 13 && !password.hasPrefix("!") && !password.hasPrefix("*")
    }

    private static func checkDuplicates(
        _ number: String, _ rows: [[String]], _ path: [UInt8], _ layer: Int, _ report: inout ImageReport
    ) {
        var names: Set<String> = []
        var owners: [String: String] = [:]
        for row in rows {
            if !names.insert(row[0]).inserted {
                report.add(.accountDuplicate, path, layer: layer, "the name \(named(row[0]))", severity: .medium)
            }
            if let first = owners[row[2]] {
                let isRoot = number == "uid" && row[2] == "0"
                report.add(
                    .accountDuplicate, path, layer: layer,
                    "\(number) \(named(row[2])) is that of \(named(first)) and of \(named(row[0]))",
                    severity: isRoot ? .high : .low)
            } else {
                owners[row[2]] = row[0]
            }
        }
    }
}
