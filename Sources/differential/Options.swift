import CDifferential
import Glibc

/// The command line.
struct Options {
    enum Format { case text, json }

    static let usage = """
        usage: differential [options]
          --mounter PATH      what mounts our side: PATH -o OPTIONS MOUNTPOINT; 'kernel' tests the tester (default: kernel)
          --seed S            one seed; with --sequences the first
          --first-seed S      the same
          --sequences M       how many sequences (default 2000; 1 with --seed alone)
          --ops N             operations in each (default 60)
          --long              until --time-limit, with 200 operations each, from a seed that the clock chooses
          --time-limit SECS   start no sequence after that
          --jobs N            worker processes (default 2)
          --options LIST      more mount options for both sides, replacing the profiles
          --userxattr         profiles with userxattr also as root
          --profile NAME      only the profiles whose name contains NAME
          --concurrency       threads instead of sequences; compares at rest
          --threads N         for --concurrency (default 4)
          --full-every K      compare the whole tree after every Kth step (default 1)
          --failures N        go on until N sequences differ (default 1)
          --ignore LIST       overlook these kinds of difference ("nlink,inode number"): to look past what is known
          --no-shrink         report a difference as it was found
          --replay TEXT       run one reported case again: SEED or SEED:STEPS or SEED:STEPS:LEFT-OUT
          --scratch DIR       where stacks are made (default: a new directory in /var/tmp)
          --format text|json
          --verbose           print every operation
        """

    var mounter = "kernel"
    var firstSeed: UInt64 = 1
    var sequences = 2000
    var operations = 60
    var timeLimit = Int.max
    var jobs = 2
    var options: [String] = []
    var userXattrs = false
    var profile = ""
    var concurrency = false
    var threads = 4
    var fullEvery = 1
    var failures = 1
    var shrinks = true
    var ignored: Set<String> = []
    var replay: String?
    var scratch: String?
    var format = Format.text
    var verbose = false
    /// Set for a worker process: its number.
    var worker: Int?

    init(_ arguments: [String]) throws(Failure) {
        var rest = arguments[...]
        var sequencesGiven = false
        var isLong = false
        func value(_ name: String) throws(Failure) -> String {
            guard let value = rest.popFirst() else { throw Failure("\(name) needs a value") }
            return value
        }
        func number(_ name: String, atLeast least: Int = 1) throws(Failure) -> Int {
            let text = try value(name)
            guard let number = Int(text), number >= least else {
                throw Failure("\(name) \(text): not a number from \(least)")
            }
            return number
        }
        while let name = rest.popFirst() {
            switch name {
            case "--mounter": mounter = try value(name)
            case "--seed", "--first-seed":
                firstSeed = UInt64(try number(name, atLeast: 0))
                if name == "--seed" && !sequencesGiven { sequences = 1 }
            case "--sequences":
                sequences = try number(name)
                sequencesGiven = true
            case "--ops": operations = try number(name, atLeast: 0)
            case "--long": isLong = true
            case "--time-limit": timeLimit = try number(name)
            case "--jobs": jobs = try number(name)
            case "--options": options = try value(name).split(separator: ",").map(String.init)
            case "--userxattr": userXattrs = true
            case "--profile": profile = try value(name)
            case "--concurrency": concurrency = true
            case "--threads": threads = try number(name)
            case "--full-every": fullEvery = try number(name)
            case "--failures": failures = try number(name)
            case "--ignore": ignored = Set(try value(name).split(separator: ",").map(String.init))
            case "--no-shrink": shrinks = false
            case "--replay": replay = try value(name)
            case "--scratch": scratch = try value(name)
            case "--format":
                let text = try value(name)
                guard text == "text" || text == "json" else { throw Failure("--format \(text): neither text nor json") }
                format = text == "json" ? .json : .text
            case "--verbose": verbose = true
            case "--worker": worker = try number(name, atLeast: 0)
            default: throw Failure("\(name): no such option (--help lists them)")
            }
        }
        if isLong {
            operations = max(operations, 200)
            sequences = Int.max / 2
            if firstSeed == 1 { firstSeed = UInt64(time(nil)) &* 1_000_000 }
            if timeLimit == Int.max { timeLimit = 3600 }
        }
        try check()
    }

    /// What a replay must be told again for a seed to say the same.
    var repeated: String {
        var text = " --ops \(operations) --mounter \(mounter)"
        if !options.isEmpty { text += " --options \(options.joined(separator: ","))" }
        if !profile.isEmpty { text += " --profile '\(profile)'" }
        return text + (userXattrs ? " --userxattr" : "")
    }

    private func check() throws(Failure) {
        if let scratch, !scratch.hasPrefix("/") || scratch.contains(where: { ":,\\ ".contains($0) }) {
            throw Failure("--scratch \(scratch): must be absolute, without colon, comma, backslash or space")
        }
        if mounter != "kernel" && mounter.contains("/") && access(mounter, X_OK) < 0 {
            throw Failure("--mounter \(mounter): \(errnoName(errno))")
        }
        if let replay, UInt64(replay.prefix { $0 != ":" }) == nil {
            throw Failure("--replay \(replay): begins with no seed")
        }
    }
}
