import Containers
import Linux

/// A namespace as commands that bring or run images enter it, in which nothing happens: how many ids this user can have.
enum NamespaceProbe {
    /// The argument with which this program tries, and ends.
    static let argument = "__ids-probe"

    enum Outcome: Int32 {
        case many = 0
        case one = 3
        case none = 4
    }

    static func run() -> Int32 {
        let outcome: Outcome = UserNamespace.isRoot ? UserNamespace.ids > 1 ? .many : .one : .none
        return outcome.rawValue
    }

    static func tried() -> Outcome {
        let status: Int32 = Programs.run([Array("/proc/self/exe".utf8), Array(argument.utf8)])
        return Outcome(rawValue: status) ?? .none
    }
}
