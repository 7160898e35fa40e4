import Analysis
import CLinux
import Dockerfile
import Linux

/// A Dockerfile that was asked for by its path.
struct DockerfileSource {
    /// As it was given.
    let name: String
    let bytes: [UInt8]
    private let path: [UInt8]

    /// - Returns: nil for what is meant as an image.
    /// - Throws: ``Failure`` where it is a Dockerfile that cannot be read.
    init?(_ argument: [UInt8]) throws {
        let prefix = Array("dockerfile:".utf8)
        if argument.starts(with: prefix) {
            path = Array(argument.dropFirst(prefix.count))
        } else {
            guard Self.isDockerfile(argument) else { return nil }
            path = argument
        }
        name = displayed(path)
        do throws(Errno) {
            if path == [0x2d] {
                bytes = try FD(0).remainder(atMost: DockerfileAudit.sizeLimit)
            } else {
                bytes = try FD.workingDirectory.contents(of: path.cPath, atMost: DockerfileAudit.sizeLimit)
            }
        } catch {
            throw Failure.used("read \(name): \(error)")
        }
    }

    /// A file that is called so; any other only where it is given as a path, and is text.
    private static func isDockerfile(_ path: [UInt8]) -> Bool {
        guard let file = try? FD.workingDirectory.open(path.cPath, [.readOnly, .nonBlocking]),
            let status = try? file.fd.status(), status.isRegular
        else { return false }
        let name = String(decoding: path[(path.lastIndex(of: 0x2f).map { $0 + 1 } ?? 0)...], as: UTF8.self).lowercased()
        if name.contains("dockerfile") || name.contains("containerfile") { return true }
        guard path.first == 0x2f || path.first == 0x2e, status.size <= UInt64(DockerfileAudit.sizeLimit),
            let bytes = try? FD.workingDirectory.contents(of: path.cPath, atMost: DockerfileAudit.sizeLimit)
        else { return false }
        return !bytes.contains(0) && String(validating: bytes.prefix(4096), as: UTF8.self) != nil
    }

    private var directory: [UInt8] {
        guard let slash = path.lastIndex(of: 0x2f) else { return [0x2e] }
        return slash == 0 ? [0x2f] : Array(path[..<slash])
    }

    func settings(_ config: String?) throws -> AuditConfiguration {
        try AuditSettings.find(config, beside: path == [0x2d] ? nil : directory)
    }

    /// `NAME.dockerignore`, or `.dockerignore` beside the file, which is mostly where the context is.
    func ignoreFile() throws -> IgnoreFile? {
        guard path != [0x2d] else { return nil }
        for candidate in [path + Array(".dockerignore".utf8), directory + Array("/.dockerignore".utf8)] {
            guard let bytes = try? FD.workingDirectory.contents(of: candidate.cPath, atMost: 1 << 20) else { continue }
            do throws(DockerfileError) { return try IgnoreFile.parse(bytes, name: displayed(candidate)) } catch {
                throw Failure(status: 1, message: error.description)
            }
        }
        return nil
    }
}

/// Where the settings of an audit are looked for.
enum AuditSettings {
    /// - Parameter directory: of the Dockerfile; the working directory comes after it.
    static func find(_ config: String?, beside directory: [UInt8]?) throws -> AuditConfiguration {
        if let config { return try read(Arguments.bytes(config)) }
        for place in [directory, [0x2e]].compactMap({ $0 }) {
            for name in AuditConfiguration.fileNames {
                let path = place + [0x2f] + Array(name.utf8)
                if (try? FD.workingDirectory.status(path.cPath)) != nil { return try read(path) }
            }
        }
        return AuditConfiguration()
    }

    private static func read(_ path: [UInt8]) throws -> AuditConfiguration {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try FD.workingDirectory.contents(of: path.cPath, atMost: AuditConfiguration.sizeLimit + 1)
        } catch {
            throw Failure.used("read \(displayed(path)): \(error)")
        }
        do throws(AuditError) { return try AuditConfiguration(parsing: bytes, file: displayed(path)) } catch {
            throw Failure.used(error.description)
        }
    }
}
