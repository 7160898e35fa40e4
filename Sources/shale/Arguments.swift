import Glibc

/// Arguments as bytes. ArgumentParser gives text, in which bytes that are not UTF-8 were replaced; such an argument is
/// found again among the process's own by the text it was made into.
enum Arguments {
    static func bytes(_ text: String) -> [UInt8] {
        guard text.unicodeScalars.contains("\u{FFFD}") else { return Array(text.utf8) }
        for index in 0..<Int(CommandLine.argc) {
            guard let pointer = CommandLine.unsafeArgv[index] else { continue }
            let raw = UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            let repaired = String(decoding: raw, as: UTF8.self)
            if repaired == text { return raw }
            // "-oVALUE" and "--option=VALUE".
            if repaired.hasSuffix(text), let cut = suffix(raw, repairedTo: text) { return cut }
        }
        return Array(text.utf8)
    }

    private static func suffix(_ raw: [UInt8], repairedTo text: String) -> [UInt8]? {
        for start in raw.indices where String(decoding: raw[start...], as: UTF8.self) == text {
            return Array(raw[start...])
        }
        return nil
    }

    static func cString(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
}

/// Programs that stand beside this one.
enum Programs {
    /// The directory of this executable.
    static var directory: [UInt8] {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        guard count > 0 else { return [0x2e] }
        let path = buffer.prefix(count).map { UInt8(bitPattern: $0) }
        return Array(path[..<(path.lastIndex(of: 0x2f) ?? path.startIndex)])
    }

    /// `name` beside this executable, otherwise as PATH has it.
    static func path(_ name: String) -> [UInt8] {
        let beside = directory + [0x2f] + Array(name.utf8)
        return access(Arguments.cString(beside), X_OK) == 0 ? beside : Array(name.utf8)
    }

    /// Becomes another program; returns only when that fails.
    static func become(_ arguments: [[UInt8]]) -> Int32 {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup(Arguments.cString($0)) }
        pointers.append(nil)
        guard let program = pointers.first ?? nil else { return EINVAL }
        execvp(program, pointers)
        return errno
    }

    /// Runs a program and waits: its exit status, 128 and the signal that ended it, or 127 when it cannot be started.
    static func run(_ arguments: [[UInt8]]) -> Int32 {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup(Arguments.cString($0)) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        guard let program = pointers.first ?? nil, posix_spawnp(&process, program, nil, nil, pointers, environ) == 0
        else {
            return 127
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
