internal import CLinux
import Glibc
internal import Linux

extension ContainerStore {
    /// Ends a container that runs, and whoever runs it.
    ///
    /// - Throws: ``ContainerError`` where it does not end.
    public func end(_ record: ContainerRecord) throws(ContainerError) {
        guard state(of: record) == .running else { return }
        let runner = directory(record.id).part("runner")
        guard let bytes = try? FD.workingDirectory.contents(of: runner.cPath, atMost: 64),
            let process = Int32(String(decoding: bytes, as: UTF8.self)), process > 1
        else { throw ContainerError(.failed, "end container \(record.name): its record does not say by whom it runs") }
        let bundle = directory(record.id).bundle
        for step in 0..<600 {
            // The runtime's own way first: whoever runs the container then records how it ended.
            if step % 100 == 0, step < 300 {
                (try? Runtime.find())?.clean(id: Self.runtimeID(record), in: bundle)
            } else if step == 300 {
                kill(process, SIGKILL)
            }
            if state(of: record) != .running { return }
            usleep(10_000)
        }
        throw ContainerError(.failed, "end container \(record.name): it goes on")
    }

    /// What the runtime calls a container.
    static func runtimeID(_ record: ContainerRecord) -> String { String(record.id.prefix(32)) }
}
