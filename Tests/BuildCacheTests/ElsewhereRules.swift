import Testing

/// A build in an empty store, from what another store's build left.
@Suite(.enabled(if: Workshop.canRun, "needs root of the machine"))
struct ElsewhereRules {
    @Test("a cache in a directory gives every step of every stage, and the same image")
    func directory() throws {
        let shop = try Workshop()
        let first = try shop.build("a", "--cache-to type=local,dest=cache")
        #expect(first.status == 0, "\(first.log)")
        #expect(first.missed.count == 7)
        let second = try shop.build("b", "--cache-from type=local,src=cache")
        #expect(second.missed == [:])
        #expect(second.cached.count == 7)
        #expect(second.id == first.id)
        #expect(second.warnings == [])
        #expect(try shop.shell("skopeo inspect --raw oci:cache:cache").contains("vnd.shale.buildcache.v1+json"))
        let all = try shop.shell("shale b run --rm \(second.id.dropFirst(7)) cat /all")
        #expect(all == "tool\na\nb\nmain\n")
    }

    @Test("a cache in a registry gives the same, by a name alone and by type and ref")
    func registry() throws {
        let shop = try Workshop()
        let registry = try Registry(shop)
        let first = try shop.build("a", "--cache-to \(registry.name)/team/app:cache")
        #expect(first.status == 0, "\(first.log)")
        let second = try shop.build("b", "--cache-from type=registry,ref=\(registry.name)/team/app:cache")
        #expect(second.missed == [:])
        #expect(second.cached.count == 7)
        #expect(second.id == first.id)
        // Only the layers that were used came.
        let third = try shop.build("c", "--target tools --cache-from \(registry.name)/team/app:cache")
        #expect(third.missed == [:])
        #expect(third.cached.count == 1)
        #expect(try shop.shell("shale c info --format '{{.BuildCache.Count}}'") == "1\n")
    }

    @Test("an image with its cache inside gives the steps of the target, and the image keeps its id")
    func inline() throws {
        let shop = try Workshop()
        let registry = try Registry(shop)
        let name = "\(registry.name)/team/app:1"
        let first = try shop.build("a", "--cache-to type=inline --push -t \(name)")
        #expect(first.status == 0, "\(first.log)")
        let second = try shop.build("b", "--cache-from \(name) --cache-to type=inline")
        #expect(second.id == first.id)
        // What the target only copies from is not in the image.
        #expect(second.missed.count == 3)
        for step in ["COPY --from=tools", "COPY --from=data", "COPY main", "RUN cat"] { #expect(second.isCached(step)) }
        // An image on top of it does not inherit what is inside.
        try shop.shell(
            "mkdir -p over; printf 'FROM %s\\nCOPY main /again\\n' \(name) >over/Dockerfile; echo >over/main")
        try shop.shell("shale a build -q -t over over")
        let search = "tar xO | grep -aq io.shale.buildcache.v1"
        #expect(try shop.run("shale a save \(name) | \(search)").status == 0)
        #expect(try shop.run("shale a save over | \(search)").status == 1)
    }

    @Test("mode=min leaves out the stages that the target only copies from")
    func least() throws {
        let shop = try Workshop()
        let first = try shop.build("a", "--cache-to type=local,dest=cache,mode=min")
        #expect(first.status == 0, "\(first.log)")
        let second = try shop.build("b", "--cache-from type=local,src=cache")
        #expect(second.missed.count == 3)
        for step in ["COPY --from=tools", "COPY --from=data", "COPY main", "RUN cat"] { #expect(second.isCached(step)) }
        #expect(second.id == first.id)
    }

    @Test("a changed file misses its step and says so; what follows from it is known by its content again")
    func changes() throws {
        let shop = try Workshop()
        let cache = "--cache-from type=local,src=cache --cache-to type=local,dest=cache"
        try shop.build("a", cache)
        // Through a second store, which did nothing itself: what it hands on is as much as it got.
        let second = try shop.build("b", cache)
        #expect(second.missed == [:])
        try shop.shell("echo changed >context/main")
        let third = try shop.build("c", cache)
        #expect(third.reason("COPY main") == "files changed")
        #expect(third.reason("RUN cat") == "the step before it changed")
        #expect(third.missed.count == 2)
        // Another list, and the same when it is sorted.
        try shop.shell("echo a >>context/data/list")
        let fourth = try shop.build("d", cache)
        #expect(fourth.reason("COPY data") == "files changed")
        #expect(fourth.reason("RUN sort") == "the step before it changed")
        #expect(fourth.missed.count == 2, "\(fourth.log)")
        #expect(fourth.id == third.id)
    }

    @Test("the same step in stages that run at once is fetched and unpacked by both")
    func twins() throws {
        let shop = try Workshop()
        let stages = (0..<6).map { "FROM busybox AS s\($0)\nRUN head -c 3000000 /dev/zero >/zeros\nRUN echo \($0) >/n" }
        let copies = (0..<6).map { "COPY --from=s\($0) /n /n\($0)" }
        try shop.shell(
            "cat >context/Dockerfile <<'D'\n\((stages + ["FROM busybox"] + copies).joined(separator: "\n"))\nD")
        let first = try shop.build("a", "--cache-to type=local,dest=cache")
        #expect(first.status == 0, "\(first.log)")
        let second = try shop.build("b", "--cache-from type=local,src=cache")
        #expect(second.missed == [:], "\(second.log)")
        #expect(second.warnings == [])
        #expect(second.id == first.id)
    }

    @Test("two builds at once share a store, a source and a destination")
    func company() throws {
        let shop = try Workshop()
        let first = try shop.build("a", "--cache-to type=local,dest=cache")
        try shop.build("b", "--target tools --no-cache")
        let options = "--progress json --cache-from type=local,src=cache --cache-to type=local,dest=again context"
        try shop.shell(
            """
            for i in 1 2 3; do shale b build \(options) >id$i 2>log$i & pids="$pids $!"; done
            for pid in $pids; do wait $pid; done
            """)
        for number in 1...3 {
            let log = try shop.run("cat id\(number); cat log\(number) >&2")
            let build = try FinishedBuild(log)
            #expect(build.id == first.id, "\(build.log)")
            // The store had a step of its own, whose layer the target does not have.
            #expect(build.missed == [:], "\(build.log)")
        }
        let last = try shop.build("c", "--cache-from type=local,src=again")
        #expect(last.missed == [:])
        #expect(last.warnings == [])
    }

    @Test(
        "cache mounts go along when they are asked for, also through a store that did nothing",
        arguments: ["shared", "private"])
    func mounts(sharing: String) throws {
        let shop = try Workshop()
        let mount = "--mount=type=cache,id=../odd,target=/c,sharing=\(sharing)"
        try shop.shell(
            """
            cat >context/Dockerfile <<'D'
            FROM busybox
            COPY main /main
            RUN \(mount) cat /main >>/c/seen; chown 33:33 /c/seen; cp -p /c/seen /seen
            D
            """)
        let cache = "--cache-from type=local,src=cache --cache-to type=local,dest=cache,mounts=true"
        #expect(try shop.build("a", cache).status == 0)
        let second = try shop.build("b", cache)
        #expect(second.missed == [:])
        #expect(second.warnings == [])
        #expect(try shop.run("ls b/cache/mounts").status != 0)
        try shop.shell("echo next >context/main")
        let third = try shop.build("c", "--cache-from type=local,src=cache")
        #expect(third.missed.count == 2)
        let seen = try shop.shell("shale c run --rm \(third.id.dropFirst(7)) sh -c 'cat /seen; stat -c %u /seen'")
        #expect(seen == "main\nnext\n33\n")
        // What a store has of a mount stays as it is.
        let fourth = try shop.build("c", "--no-cache --cache-from type=local,src=cache")
        #expect(try shop.shell("shale c run --rm \(fourth.id.dropFirst(7)) cat /seen") == "main\nnext\nnext\n")
        // Without the word they stay.
        try shop.build("c", "--cache-to type=local,dest=plain")
        try shop.shell("echo last >context/main")
        let fifth = try shop.build("d", "--cache-from type=local,src=plain")
        #expect(try shop.shell("shale d run --rm \(fifth.id.dropFirst(7)) cat /seen") == "last\n")
    }
}
