import Containers
import Linux
import OCI

/// The layers of an image as lowers for the mount helper, which keeps them for as long as it serves.
struct ImageMount {
    private let lowers: [[UInt8]]

    /// Unpacks what is missing, in a process of its own: there owners can be had, while the mount is to be seen outside.
    init(name: String, location: StoreOptions) throws {
        let store = try location.store()
        do throws(StoreError) {
            let image = try store.load(try store.find(name).image)
            let lease = try store.lease()
            try lease.hold(image.config.diffIDs)
            if !image.config.diffIDs.allSatisfy({ store.hasLayer($0) }) { try Self.unpack(image, store) }
            lowers = try store.unpacked(image, lease)
            lease.inherit()
        } catch {
            throw Failure.failed("mount \(name): \(error)")
        }
        guard !lowers.isEmpty else { throw Failure.failed("mount \(name): the image has no layers") }
    }

    private static func unpack(_ image: Store.Image, _ store: Store) throws(StoreError) {
        let words = ["/proc/self/exe", "__unpack", image.descriptor.digest.description].map { Array($0.utf8) }
        let ending: ChildProcess.Ending
        do throws(Errno) {
            ending = try ChildProcess(words + [Array("--root".utf8), store.path]).wait()
        } catch {
            throw StoreError(.failed, "unpack its layers: \(error)")
        }
        guard ending == .exited(0) else { throw StoreError(.failed, "its layers were not unpacked") }
    }

    func options(writable: Bool) -> [UInt8] {
        let paths = lowers.map(MountedStack.escaped)
        return Array("lowerdir=".utf8) + Array(paths.joined(separator: [0x3a]))
            + Array((writable ? "" : ",ro,immutable").utf8)
    }
}
