import Glibc
import OCI
import Testing

@Suite(.serialized) struct StoreCompany {
    @Test("Killed at any instant, the store is whole and the next command needs no repair")
    func kills() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/store"
        for round in 0..<25 {
            let microseconds = UInt32(1_000 + round * 7_919 % 120_000)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, round = round as Int, microseconds = microseconds as UInt32] in
                var thread = pthread_t()
                let argument = UnsafeMutableRawPointer(bitPattern: UInt(microseconds))
                pthread_create(
                    &thread, nil,
                    { raw in
                        usleep(UInt32(UInt(bitPattern: raw)))
                        kill(getpid(), SIGKILL)
                        return nil
                    }, argument)
                var work = try StoreWork(Array(path.utf8), seed: UInt64(round))
                while true { try work.step() }
            }
            let store = try Store(at: Array(path.utf8))
            #expect(try Validator(store).problems() == [])
        }
        let store = try Store(at: Array(path.utf8))
        _ = try store.prune()
        #expect(try scratch.shell("ls -A store/ingest store/leases") == "store/ingest:\n\nstore/leases:\n")
        #expect(try Validator(store).problems() == [])
    }

    @Test("Eight processes bring, name and prune at once")
    func company() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/store"
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [path = path as String, number = number as Int] in
                        do {
                            var work = try StoreWork(Array(path.utf8), seed: UInt64(1000 + number))
                            for _ in 0..<40 { try work.step() }
                        } catch {
                            let text = Array("\(error)\n".utf8)
                            let log = open(path + ".errors", O_WRONLY | O_CREAT | O_APPEND, 0o644)
                            _ = text.withUnsafeBytes { write(log, $0.baseAddress, $0.count) }
                            exit(1)
                        }
                    }
                }
            }
        }
        let errors = try? scratch.read(path + ".errors")
        #expect(errors == nil)
        let store = try Store(at: Array(path.utf8))
        #expect(try Validator(store).problems() == [])
        #expect(try !store.images().isEmpty)
    }
}
