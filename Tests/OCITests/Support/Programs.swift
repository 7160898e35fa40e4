import Glibc
import Linux
import Testing

/// Programs that tests run to their end.
enum Programs {
    /// Standard output and standard error together.
    ///
    /// - Throws: ``ProgramFailure`` for a status other than 0.
    @discardableResult
    static func run(_ arguments: String...) throws -> String { try run(arguments) }

    @discardableResult
    static func run(_ arguments: [String]) throws -> String {
        let script = arguments.map {
            "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        guard let pipe = popen(script.joined(separator: " ") + " 2>&1 </dev/null", "re") else { throw Errno(errno) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        let status = pclose(pipe)
        let text = String(decoding: bytes, as: UTF8.self)
        guard status == 0 else { throw ProgramFailure(program: arguments[0], status: status, said: text) }
        return text
    }
}

struct ProgramFailure: Error {
    let program: String
    let status: Int32
    let said: String
}
