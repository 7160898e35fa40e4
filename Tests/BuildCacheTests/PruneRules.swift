import Testing

/// What a prune takes of the build cache, and what it leaves.
@Suite(.enabled(if: Workshop.canRun, "needs root of the machine"))
struct PruneRules {
    private func count(_ shop: Workshop, _ store: String = "a") throws -> Int {
        Int(try shop.shell("shale \(store) info --format '{{.BuildCache.Count}}'").dropLast()) ?? -1
    }

    private func age(_ shop: Workshop, _ condition: String, days: Int) throws {
        try shop.shell("sqlite3 a/state.db \"UPDATE buildCache SET used = used - \(days) * 86400 WHERE \(condition)\"")
    }

    @Test("steps that no build used for 14 days are forgotten, and what only they needed")
    func old() throws {
        let shop = try Workshop()
        let first = try shop.build("a", "-t kept")
        // Two of the steps are known by what they copy and by where from.
        #expect(try count(shop) == 9)
        #expect(try shop.shell("shale a info --format '{{.BuildCache.Size}}'") != "0\n")
        #expect(!(try shop.shell("shale a prune -f")).contains("build cache"))
        try age(shop, "place LIKE 'data %'", days: 15)
        try age(shop, "place LIKE 'tools %'", days: 13)
        let layers = try shop.shell("ls a/layers | wc -l")
        #expect(try shop.shell("shale a prune -f").contains("Deleted build cache: 2 steps\n"))
        #expect(try count(shop) == 7)
        #expect(try shop.shell("ls a/layers | wc -l") != layers)
        let second = try shop.build("a", "")
        #expect(second.missed.count == 2)
        #expect(second.reason("COPY data") == "not built before")
        #expect(second.id == first.id)
        // Use keeps them.
        try age(shop, "1", days: 13)
        try shop.build("a", "")
        try age(shop, "1", days: 2)
        #expect(try shop.shell("shale a prune -f").contains("Deleted build cache: 1 steps\n") == false)
    }

    @Test("until says since when; other filters are of images alone; --all takes everything")
    func chosen() throws {
        let shop = try Workshop()
        try shop.build("a", "-t kept")
        try age(shop, "place LIKE 'data %'", days: 2)
        try shop.shell("shale a prune -f --filter until=72h; shale a prune -fa --filter label=none")
        #expect(try count(shop) == 9)
        #expect(try shop.shell("shale a prune -f --filter until=24h").contains("Deleted build cache: 2 steps\n"))
        #expect(try count(shop) == 7)
        #expect(try shop.shell("ls a/cache").contains("files.db"))
        #expect(try shop.shell("shale a prune -fa").contains("Deleted build cache: 7 steps\n"))
        #expect(try count(shop) == 0)
        #expect(try shop.shell("ls a/layers a/blobs/sha256 a/cache") == "a/blobs/sha256:\n\na/cache:\n\na/layers:\n")
    }

    @Test("cache mounts go with --all, but not from under a build", arguments: ["shared", "locked", "private"])
    func mounts(sharing: String) throws {
        let shop = try Workshop()
        try shop.shell(
            """
            cat >context/Dockerfile <<'D'
            FROM busybox
            ARG WAITS
            RUN --mount=type=cache,target=/c,sharing=\(sharing) test -z "$WAITS" || for i in $(seq 300); do \
                date >/c/going; [ ! -e /c/stop ] || break; sleep 0.1; done; test -e /c/going || date >/c/going
            D
            """)
        let first = try shop.build("a", "")
        #expect(first.status == 0, "\(first.log)")
        let mounts = try shop.shell("find a/cache/mounts -mindepth 1 -type d").split(separator: "\n").map(String.init)
        #expect(mounts.count == 1)
        let mount = try #require(mounts.first)
        try shop.shell(
            """
            rm \(mount)/going
            shale a build --build-arg WAITS=1 --progress json context >id 2>log &
            for i in $(seq 300); do [ ! -e \(mount)/going ] || break; sleep 0.1; done
            shale a prune -f >pruned; shale a prune -fa >>pruned
            [ -e \(mount)/going ]; touch \(mount)/stop
            wait $!
            """)
        #expect(!(try shop.shell("cat pruned").contains("cache mounts")))
        #expect(try shop.shell("shale a prune -f; ls \(mount)").contains("going"))
        let name = mount.split(separator: "/").last ?? ""
        #expect(try shop.shell("shale a prune -fa").contains("Deleted cache mounts:\n\(name)\n"))
        #expect(try shop.shell("ls -A a/cache/mounts a/ingest") == "a/cache/mounts:\n\na/ingest:\n")
        // And are made again.
        try shop.shell("shale a load -i '\(try Workshop.base())' >/dev/null")
        #expect(try shop.build("a", "").status == 0)
    }
}
