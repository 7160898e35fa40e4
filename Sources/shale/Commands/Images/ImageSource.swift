import ArgumentParser
import OCI

/// When an image is fetched from its registry.
enum PullPolicy: String, ExpressibleByArgument, CaseIterable {
    case always, missing, never
}

/// Images for commands that use one: those that are here, or pulled.
struct ImageSource {
    let store: Store
    let registry: RegistryOptions
    let policy: PullPolicy
    let platform: Platform?

    func find(_ name: String) throws -> Store.Image {
        if policy != .always {
            do throws(StoreError) {
                return try store.load(try store.find(name).image, for: platform ?? .host)
            } catch {
                guard error.kind == .missing, policy == .missing, let reference = try? Reference(name) else {
                    throw Failure.failed("\(error)")
                }
                return try pulled(reference)
            }
        }
        return try pulled(try Pull.reference(name))
    }

    private func pulled(_ reference: Reference) throws -> Store.Image {
        let descriptor = try Pull.pull(reference.tagged, into: store, registry, platform)
        do throws(StoreError) { return try store.load(descriptor, for: platform ?? .host) } catch {
            throw Failure.failed("\(error)")
        }
    }
}
