internal import CLinux
internal import Linux
internal import OCI

/// Reads the records of software in one layer while it goes by.
struct SoftwareVisitor: LayerVisitor {
    /// What a file says.
    struct Record: Sendable {
        let path: [UInt8]
        let packages: [SoftwarePackage]
    }

    private(set) var records: [[UInt8]: Record] = [:]
    private(set) var releases: [[UInt8]: [UInt8]] = [:]
    private(set) var notes: [String] = []

    private let scratch: ScratchDirectory
    private var form: Form?
    private var content: [UInt8] = []
    /// A program or database is written to a file: what is wanted of it lies anywhere.
    private var copy: CopiedFile?
    private var isDamaged = false

    /// How software is recorded in a file.
    private enum Form {
        case dpkgStatus, dpkgRecord, apk, rpm, rpmUnreadable, python, npm, npmLock, release, program
    }

    private static let mostNotes = 100
    /// Of a database or program; a larger one is not looked at.
    private static let mostCopied: Int64 = 2 << 30

    init(scratch: ScratchDirectory) { self.scratch = scratch }

    mutating func visit(_ entry: LayerEntry) -> ContentWish {
        content.removeAll(keepingCapacity: true)
        copy = nil
        isDamaged = false
        form = Self.form(of: entry)
        switch form {
        case nil: return .nothing
        case .rpmUnreadable:
            note(entry, "an rpm database of a form that is not read (only rpmdb.sqlite is)")
            form = nil
            return .nothing
        case .dpkgStatus?, .apk?: return .first(64 << 20)
        case .npmLock?: return .first(32 << 20)
        case .dpkgRecord?, .npm?: return .first(1 << 20)
        case .python?, .release?: return .first(64 << 10)
        case .rpm?, .program?:
            guard entry.size <= Self.mostCopied else {
                note(entry, "larger than \(Self.mostCopied >> 20) MiB, not looked at")
                form = nil
                return .nothing
            }
            return .everything
        }
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        switch form {
        case .rpm?, .program?:
            if form == .program, offset == 0, !bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) { form = nil }
            guard form != nil, !isDamaged else { return }
            do throws(Errno) {
                if copy == nil { copy = try CopiedFile(in: scratch) }
                try copy?.file.fd.writeAll(bytes, at: offset)
            } catch {
                isDamaged = true
            }
        case nil: return
        default:
            if offset > Int64(content.count) { content.append(0) }
            content.append(contentsOf: bytes)
        }
    }

    mutating func end(_ entry: LayerEntry) {
        guard let form else { return }
        defer { copy = nil }
        if isDamaged { return note(entry, "could not be copied to be read") }
        var packages: [SoftwarePackage] = []
        switch form {
        case .dpkgStatus: packages = SystemPackages.dpkg(content, isWhole: true)
        case .dpkgRecord: packages = SystemPackages.dpkg(content, isWhole: false)
        case .apk: packages = SystemPackages.apk(content)
        case .python: packages = LanguagePackages.python(content).map { [$0] } ?? []
        case .npm: packages = LanguagePackages.npm(content).map { [$0] } ?? []
        case .npmLock:
            do throws(DocumentError) { packages = try LanguagePackages.npmLock(content) } catch {
                note(entry, "\(error)")
            }
        case .release: releases[entry.path] = content
        case .rpm:
            guard let copy else { return }
            do throws(RPMDatabase.Problem) { packages = try RPMDatabase.packages(at: copy.path) } catch {
                if case .unreadable(let cause) = error { note(entry, cause) }
            }
        case .program: packages = program(entry)
        case .rpmUnreadable: break
        }
        // A database that has become empty still stands for what is in it.
        if !packages.isEmpty || form == .dpkgStatus || form == .apk || form == .rpm {
            records[entry.path] = Record(path: entry.path, packages: packages)
        }
    }

    private mutating func program(_ entry: LayerEntry) -> [SoftwarePackage] {
        guard let copy, let sections = ELFSections(copy.file.fd) else { return [] }
        var packages: [SoftwarePackage] = []
        if let bytes = sections.content(of: GoBuildInfo.section, atMost: GoBuildInfo.limit) {
            switch GoBuildInfo.read(bytes) {
            case .packages(let found): packages += found
            case .tooOld: note(entry, "built by a Go before 1.18, whose modules are not read")
            case .none: break
            }
        }
        if let bytes = sections.content(of: RustAudit.section, atMost: RustAudit.limit) {
            if let found = RustAudit.packages(bytes) {
                packages += found
            } else {
                note(entry, "its list of crates is damaged")
            }
        }
        return packages
    }

    private mutating func note(_ entry: LayerEntry, _ cause: String) {
        if notes.count < Self.mostNotes { notes.append("/\(oneLine(entry.path)): \(oneLine(cause))") }
    }

    // MARK: Which files

    private static let exact: [[UInt8]: Form] = [
        Array("var/lib/dpkg/status".utf8): .dpkgStatus,
        Array("lib/apk/db/installed".utf8): .apk, Array("usr/lib/apk/db/installed".utf8): .apk,
        Array("var/lib/rpm/rpmdb.sqlite".utf8): .rpm, Array("usr/lib/sysimage/rpm/rpmdb.sqlite".utf8): .rpm,
        Array("usr/share/rpm/rpmdb.sqlite".utf8): .rpm,
        Array("var/lib/rpm/Packages".utf8): .rpmUnreadable, Array("var/lib/rpm/Packages.db".utf8): .rpmUnreadable,
        Array("usr/lib/sysimage/rpm/Packages.db".utf8): .rpmUnreadable,
        Array("etc/os-release".utf8): .release, Array("usr/lib/os-release".utf8): .release,
    ]

    private static func form(of entry: LayerEntry) -> Form? {
        guard entry.kind == .file, entry.size > 0 else { return nil }
        let path = entry.path
        if let form = exact[path] { return form }
        if path.starts(with: "var/lib/dpkg/status.d/".utf8) { return path.ends(with: ".md5sums") ? nil : .dpkgRecord }
        if path.ends(with: ".dist-info/METADATA") || path.ends(with: ".egg-info/PKG-INFO")
            || path.ends(with: ".egg-info")
        {
            return .python
        }
        if path.ends(with: "/package.json") { return isNodeModule(path) ? .npm : nil }
        if path.ends(with: "package-lock.json") {
            // npm's own record of what is installed is told by the packages themselves.
            return entry.name.elementsEqual("package-lock.json".utf8) ? .npmLock : nil
        }
        return entry.mode & 0o111 != 0 && entry.size >= 64 && !entry.name.contains([0x2e, 0x73, 0x6f]) ? .program : nil
    }

    /// `…/node_modules/NAME/package.json` or `…/node_modules/@SCOPE/NAME/package.json`, not what packages have inside.
    private static func isNodeModule(_ path: [UInt8]) -> Bool {
        let parts = path.split(separator: 0x2f)
        let modules = Array("node_modules".utf8)
        if parts.count >= 3, parts[parts.count - 3].elementsEqual(modules) { return true }
        return parts.count >= 4 && parts[parts.count - 4].elementsEqual(modules)
            && parts[parts.count - 3].first == UInt8(ascii: "@")
    }
}

/// A file of one's own that goes when it is no longer used.
private final class CopiedFile: Sendable {
    let file: Descriptor
    let path: String

    init(in scratch: ScratchDirectory) throws(Errno) {
        path = String(decoding: scratch.path, as: UTF8.self) + "/\(UInt64.random(in: 0 ... .max))"
        file = try FD.workingDirectory.open(Array(path.utf8).cPath, [.readWrite, .create, .exclusive], mode: 0o600)
    }

    deinit { try? FD.workingDirectory.unlink(Array(path.utf8).cPath) }
}
