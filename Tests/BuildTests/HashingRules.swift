import GRDB
import Linux
import OCI
import Testing

@testable import Build

@Suite struct HashingRules {
    private func digest(_ shop: Workshop, _ memory: DigestMemory?) throws -> String {
        let selecting = Selecting(
            from: try shop.tree(), digests: FileDigests(memory), at: try Parsed("COPY . /").location)
        return try selecting.select([bytes(".")]).digest.description
    }

    @Test func aSelectionIsItsContentNamesAndModesAndNotItsTimesOrOwners() throws {
        let shop = try Workshop()
        try shop.shell("cd context; mkdir d; echo a >d/a; ln -s x d/l; setfattr -n user.a -v 1 d/a")
        var seen: Set<String> = [try digest(shop, nil)]
        try shop.shell("touch -d @5 context/d/a context/d; { chown 3:4 context/d/a; chown -h 5 context/d/l; } || true")
        let untouched = try digest(shop, nil)
        #expect(seen.contains(untouched))
        for change in [
            "echo b >context/d/a", "chmod 600 context/d/a", "mv context/d/a context/d/b", "chmod 700 context/d",
            "ln -sfn y context/d/l", "setfattr -n user.a -v 2 context/d/b", "setfattr -x user.a context/d/b",
            "mkdir context/e", "ln context/d/b context/e/b", "rm context/e/b; cp -p context/d/b context/e/b",
            "rm context/d/b; mkfifo -m 600 context/d/b",
        ] {
            try shop.shell(change)
            #expect(seen.insert(try digest(shop, nil)).inserted, "\(change)")
        }
    }

    @Test func namesAndContentsCannotBeShiftedIntoEachOther() throws {
        var seen: Set<String> = []
        for script in ["printf bc >a", "printf c >ab", "printf '' >abc", "printf b >a; printf c >c", "ln -s bc a"] {
            let shop = try Workshop()
            try shop.shell("cd context; \(script)")
            #expect(seen.insert(try digest(shop, nil)).inserted)
        }
    }

    @Test func anEditThatKeepsSizeAndTimeIsSeen() throws {
        let shop = try Workshop()
        try shop.shell("echo one >context/f; touch -d @1000 context/f; sleep 0.2")
        let memory = try #require(DigestMemory("\(shop.path)/files.db"))
        let first = try digest(shop, memory)
        #expect(try digest(shop, memory) == first)
        try shop.shell("echo two >context/f; touch -d @1000 context/f")
        #expect(try digest(shop, memory) != first)
    }

    @Test func whatIsRememberedIsNotReadAgain() throws {
        let shop = try Workshop()
        try shop.shell("echo one >context/f; sleep 0.2")
        let path = "\(shop.path)/files.db"
        let first = try digest(shop, DigestMemory(path))
        // Another process's memory of it, which says something else.
        let other = try Digest(of: bytes("other")).description
        try DatabaseQueue(path: path).write { db in
            try db.execute(sql: "UPDATE file SET digest = ?", arguments: [other])
            #expect(db.changesCount == 1)
        }
        #expect(try digest(shop, DigestMemory(path)) != first)
    }

    @Test func aFileThatHasJustChangedIsNotRemembered() throws {
        let shop = try Workshop()
        let path = "\(shop.path)/files.db"
        let memory = DigestMemory(path)
        try shop.shell("true >context/f")
        let file = try FD.workingDirectory.open("\(shop.path)/context/f", [.writeOnly])
        // Written now: the clock of change times may not tick before it is written again.
        try bytes("x").withUnsafeBytes { try file.fd.writeAll($0, at: 0) }
        _ = try digest(shop, memory)
        #expect(try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM file") } == 0)
        let status = FileStatus(try file.fd.status())
        let later = Timestamp(seconds: status.changed.seconds + 20, nanoseconds: 0)
        #expect(FileReader.isSettled(status, at: later))
        #expect(!FileReader.isSettled(status, at: Timestamp(seconds: status.changed.seconds - 5, nanoseconds: 0)))
    }

    @Test func memoryIsBoundedAndADamagedOneIsReplaced() throws {
        let shop = try Workshop()
        try shop.shell("cd context; for i in $(seq 50); do echo $i >$i; done; sleep 0.2")
        let path = "\(shop.path)/files.db"
        let memory = try #require(DigestMemory(path, limit: 20))
        let first = try digest(shop, memory)
        let count = try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM file") ?? 0 }
        #expect(count > 0 && count <= 20)
        #expect(try digest(shop, memory) == first)
        try shop.shell("rm -f files.db*; head -c 10000 /dev/urandom >files.db")
        #expect(try digest(shop, DigestMemory(path)) == first)
        #expect(DigestMemory("\(shop.path)/none/files.db") == nil)
    }

    @Test func selectingCanBeInterrupted() async throws {
        let shop = try Workshop()
        try shop.shell("truncate -s 40G context/huge")
        let interruption = Interruption()
        let location = try Parsed("COPY huge /").location
        let selecting = Selecting(
            from: try shop.tree(), digests: FileDigests(nil), at: location, interruption: interruption)
        let task = Task.detached { try selecting.select([bytes("huge")]) }
        try await Task.sleep(for: .milliseconds(100))
        interruption.interrupt()
        await #expect(throws: BuildError("interrupted", at: location)) { try await task.value }
    }

    @Test func severalAtOnceShareAMemory() async throws {
        let shop = try Workshop()
        try shop.shell("cd context; for i in $(seq 200); do echo $i >$i; done; sleep 0.2")
        let path = "\(shop.path)/files.db"
        let digests = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 { group.addTask { try digest(shop, DigestMemory(path)) } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(digests.count == 1)
    }
}
