import Foundation
internal import GRDB

/// RPM's database in SQLite (`rpmdb.sqlite`, since RPM 4.16): a table of headers, one for each package.
enum RPMDatabase {
    enum Problem: Error { case unreadable(String) }

    /// - Parameter path: of a copy of its own, which nobody else opens.
    static func packages(at path: String) throws(Problem) -> [SoftwarePackage] {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return try queue.read { db in
                try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
                // A view, or a column that is computed, could run for ever.
                let definition = try String.fetchOne(
                    db, sql: "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'Packages'")
                let words = definition?.lowercased().split { " \t\n\r(),".contains($0) } ?? []
                guard words.starts(with: ["create", "table"]), !words.contains("as"), !words.contains("generated")
                else {
                    throw Problem.unreadable("it has no table of packages")
                }
                var result: [SoftwarePackage] = []
                let rows = try Row.fetchCursor(
                    db,
                    sql:
                        "SELECT blob FROM Packages WHERE typeof(blob) = 'blob' AND length(blob) < 33554432 LIMIT 100000"
                )
                while let row = try rows.next() {
                    guard let data = row[0] as Data?, let package = RPMHeader(Array(data))?.package else { continue }
                    result.append(package)
                }
                return result
            }
        } catch let problem as Problem {
            throw problem
        } catch let error as DatabaseError {
            throw .unreadable(oneLine(error.message ?? "SQLite says \(error.resultCode.rawValue)"))
        } catch {
            throw .unreadable(oneLine("\(error)"))
        }
    }
}

/// A header of RPM (rpm's doc/manual/format_header.md) as the database has it, without magic: counts, an index, a store.
struct RPMHeader {
    private let bytes: [UInt8]
    private let store: Int
    private var entries: [UInt32: (type: UInt32, offset: Int)] = [:]

    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard let count = Self.number(bytes, 0), let size = Self.number(bytes, 4), count <= 65536,
            size <= 256 << 20, 8 + Int(count) * 16 + Int(size) <= bytes.count
        else { return nil }
        store = 8 + Int(count) * 16
        for index in 0..<Int(count) {
            let start = 8 + index * 16
            guard let tag = Self.number(bytes, start), let type = Self.number(bytes, start + 4),
                let offset = Self.number(bytes, start + 8), Int(offset) < Int(size)
            else { continue }
            entries[tag] = (type, Int(offset))
        }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> UInt32? {
        guard offset >= 0, offset + 4 <= bytes.count else { return nil }
        return bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// STRING (6), or the first of I18NSTRING (9).
    private func text(_ tag: UInt32) -> String? {
        guard let (type, offset) = entries[tag], type == 6 || type == 9 else { return nil }
        return RecordedFields.text(bytes[(store + offset)...].prefix(4096).prefix { $0 != 0 })
    }

    var package: SoftwarePackage? {
        guard let name = text(1000), !name.isEmpty, let version = text(1001), let release = text(1002),
            // Keys are kept as packages without files.
            name != "gpg-pubkey"
        else { return nil }
        var package = SoftwarePackage(.rpm, name, "\(version)-\(release)")
        package.architecture = text(1022)
        package.license = text(1014)
        package.source = text(1044)
        if let (type, offset) = entries[1003], type == 4, let epoch = Self.number(bytes, store + offset), epoch > 0 {
            package.epoch = String(epoch)
        }
        return package
    }
}
