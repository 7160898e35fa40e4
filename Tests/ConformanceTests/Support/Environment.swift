import Glibc
import Testing

/// Where the suite runs; each decides what can be checked, and by whom.
enum Environment: String {
    case root
    /// An ordinary user, who mounts through fusermount3.
    case user
    /// Root of a user namespace with subordinate ids.
    case subordinate
    /// Root of a user namespace in which he alone exists.
    case single

    static let here: Environment = {
        if geteuid() != 0 { return .user }
        let text = (try? Place(path: "/proc/self").read("uid_map")) ?? ""
        let counts = text.split(separator: "\n").compactMap { Int($0.split(separator: " ").last ?? "") }
        let ids = counts.reduce(0, +)
        return ids > 1 << 31 ? .root : ids > 1 ? .subordinate : .single
    }()

    /// mount(2) answers: root, of whatever namespace.
    static let mayMount = here != .user
    /// There are other owners to give files to.
    static let mayChown = here == .root || here == .subordinate
    /// Capabilities that reach beyond a user namespace.
    static let isRealRoot = here == .root
    /// The namespace of the overlay's own attributes here (9.4).
    static let overlayAttributes = here == .root ? "trusted.overlay." : "user.overlay."

    /// An identity in this environment that is not ours.
    static let stranger: UInt32 = 1234
}

extension Trait where Self == ConditionTrait {
    static var needsMounting: Self { .enabled(if: Environment.mayMount, "needs mount(2)") }
    static var needsOtherOwners: Self { .enabled(if: Environment.mayChown, "needs a second owner") }
    static var needsRealRoot: Self { .enabled(if: Environment.isRealRoot, "needs root of the machine") }
}
