import CLinux
import Glibc
import Linux

/// The kernel reads 128 KiB ahead on a FUSE mount, a quarter of what makes a request worth its price. Root may say more.
enum Readahead {
    private static let kibibytes = 512

    /// Raises it for the mount at `mountPoint`; where that is not allowed it stays as it is.
    static func raise(_ mountPoint: [UInt8]) {
        guard let device = device(of: mountPoint),
            let file = try? FD.workingDirectory.open("/sys/class/bdi/\(device)/read_ahead_kb", .writeOnly)
        else { return }
        let text = Array("\(kibibytes)".utf8)
        _ = text.withUnsafeBytes { cl_write(file.raw, $0.baseAddress, $0.count) }
    }

    /// "MAJOR:MINOR" as proc_pid_mountinfo(5) has it, without asking the file system, which does not answer yet.
    private static func device(of mountPoint: [UInt8]) -> String? {
        guard let file = fopen("/proc/self/mountinfo", "re") else { return nil }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var found: String?
        while getline(&line, &capacity, file) > 0, let text = line {
            let bytes = UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
            let fields = bytes.split(separator: 0x20, maxSplits: 5)
            // Blanks and backslashes stand there as octal escapes; such a mount point is not worth more code.
            if fields.count > 4, fields[4].elementsEqual(mountPoint) {
                found = String(decoding: fields[2], as: UTF8.self)
            }
        }
        return found
    }
}
