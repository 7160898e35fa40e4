import CDifferential
import Glibc

/// Paths come as they are, not repaired into text; what the tester reads itself is plain.
let arguments = (1..<Int(CommandLine.argc)).compactMap { index in
    CommandLine.unsafeArgv[index].map { Bytes(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
}
let words = arguments.map { String(decoding: $0, as: UTF8.self) }

if words.contains("--help") {
    tell(Options.usage)
    exit(0)
}

do throws(Failure) {
    let options = try Options(words)
    if options.worker != nil {
        do throws(Failure) {
            try Worker(options).run()
        } catch {
            tell("trouble \(error.message)")
            exit(2)
        }
        exit(0)
    }
    exit(try Supervisor(options, arguments).run())
} catch {
    tell("differential: \(error.message)", on: 2)
    exit(2)
}
