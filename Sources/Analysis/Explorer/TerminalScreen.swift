import CLinux
import Glibc
import Linux

/// A terminal taken over: the alternate screen, keys as they come, no cursor. However this ends, by return, error or signal, the terminal
/// is as it was; only SIGKILL leaves it.
final class TerminalScreen {
    /// What a signal handler may touch: set before the handlers are, and not changed while they are.
    private enum Saved {
        nonisolated(unsafe) static var settings = termios()
        nonisolated(unsafe) static var wakeup: Int32 = -1
        nonisolated(unsafe) static var isTaken = false
    }

    private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[2J"
    /// As a static string: a handler may not allocate.
    private static let leave: StaticString = "\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"
    private static let ending = [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV,
    ]

    private let wakeup: Descriptor
    private var shown: [String] = []
    private var reader = KeyReader()

    /// - Throws: ``AnalysisError`` where standard input or output is no terminal.
    init() throws(AnalysisError) {
        var ends: [Int32] = [-1, -1]
        guard tcgetattr(0, &Saved.settings) == 0, isatty(1) == 1 else {
            throw AnalysisError("open view: standard input and output have to be a terminal")
        }
        guard pipe(&ends) == 0 else { throw AnalysisError("open view: \(Errno(errno))") }
        for end in ends {
            _ = cl_set_cloexec(end, 1)
            _ = cl_set_nonblocking(end)
        }
        wakeup = Descriptor(owning: ends[0])
        Saved.wakeup = ends[1]
        take()
        for signal in Self.ending { Self.handle(signal) { TerminalScreen.end($0) } }
        for signal in [SIGWINCH, SIGCONT] {
            Self.handle(signal) { _ in
                let before = errno
                _ = write(Saved.wakeup, "!", 1)
                errno = before
            }
        }
    }

    deinit {
        for signal in Self.ending + [SIGWINCH, SIGCONT] { Glibc.signal(signal, SIG_DFL) }
        giveBack()
        _ = cl_close(Saved.wakeup)
        Saved.wakeup = -1
    }

    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigaction(number, &action, nil)
    }

    /// In a signal handler: gives the terminal back, and ends as the signal would have.
    private static func end(_ number: Int32) {
        if Saved.isTaken {
            _ = write(1, leave.utf8Start, leave.utf8CodeUnitCount)
            tcsetattr(0, TCSANOW, &Saved.settings)
        }
        Glibc.signal(number, SIG_DFL)
        raise(number)
    }

    private func take() {
        var raw = Saved.settings
        cfmakeraw(&raw)
        tcsetattr(0, TCSANOW, &raw)
        Saved.isTaken = true
        put(Self.enter)
        shown = []
    }

    private func giveBack() {
        put(Self.leave.description)
        tcsetattr(0, TCSANOW, &Saved.settings)
        Saved.isTaken = false
    }

    /// What ctrl+z means elsewhere: the shell has the terminal until it continues this.
    func suspend() {
        giveBack()
        raise(SIGSTOP)
        take()
    }

    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows lines from the top; only those that changed are sent.
    func draw(_ lines: [String]) {
        var text = ""
        for (row, line) in lines.enumerated() where row >= shown.count || shown[row] != line {
            text += "\u{1b}[\(row + 1);1H\(line)\u{1b}[0m\u{1b}[K"
        }
        shown = lines
        put(text)
    }

    /// After the size changed nothing of what was shown can be relied on.
    func clear() {
        shown = []
        put("\u{1b}[2J")
    }

    private func put(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR, errno != EAGAIN { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }

    enum Input {
        case key(Key)
        case resized
        /// Nobody types any more.
        case closed
    }

    /// Waits for what comes next.
    func next() -> Input {
        while true {
            if let key = reader.next(isAll: false) { return .key(key) }
            var polled = [
                pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeup.raw, events: Int16(POLLIN), revents: 0),
            ]
            // Of an escape alone the rest follows at once, or never.
            let count = poll(&polled, 2, reader.isWaiting ? 50 : -1)
            if count == 0, let key = reader.next(isAll: true) { return .key(key) }
            if count < 0, errno != EINTR { return .closed }
            if count <= 0 { continue }
            var buffer = [UInt8](repeating: 0, count: 256)
            if polled[1].revents != 0 {
                while read(wakeup.raw, &buffer, buffer.count) > 0 {}
                return .resized
            }
            if polled[0].revents != 0 {
                let count = read(0, &buffer, buffer.count)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return .closed }
                reader.feed(buffer.prefix(count))
            }
        }
    }
}
