/// The signals that `STOPSIGNAL` accepts: a number, or a name of signal(7) with or without `SIG`.
enum StopSignal {
    private static let names: [String] =
        [
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
            "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
            "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
        ] + (1...15).map { "RTMIN+\($0)" } + (1...14).map { "RTMAX-\($0)" }

    static func check(_ signal: [UInt8]) throws(Complaint) {
        if let number = signal.number(base: 10, atMost: Int(Int32.max)) {
            guard number > 0 else { throw Complaint("invalid signal", signal) }
            return
        }
        let upper = String(decoding: signal, as: UTF8.self).uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        guard !names.contains(name) else { return }
        let near = nearest(to: Array(name.utf8), among: names)
        throw Complaint("invalid signal", signal, suggestion: near.map { "SIG" + $0 })
    }
}
