import TokenCore

@testable import SQLiteStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Values that the tests of the store share.
enum Sample {
    static let now = UnixTime(seconds: 1_790_000_000)
    static let partition = Partition.control

    static func key(_ number: Int) -> RecordKey {
        RecordKey(partition: partition, kind: .family, id: withUnsafeBytes(of: UInt64(number).bigEndian, Array.init))
    }

    static func record(_ number: Int, bytes: Int = 130, expiresAt: UnixTime = .distantFuture) -> StoredRecord {
        StoredRecord(
            key: key(number), version: .absent, body: [UInt8](repeating: UInt8(number & 255), count: bytes), indexKey: Array("user-\(number)".utf8),
            expiresAt: expiresAt, activity: Activity(lastSeen: now))
    }

    static func insert(_ number: Int, bytes: Int = 130, expiresAt: UnixTime = .distantFuture) -> WriteBatch {
        WriteBatch(
            partition: partition, now: now, writes: [.put(record(number, bytes: bytes, expiresAt: expiresAt), expecting: .absent)],
            events: [Event(.issued, at: now, subject: "\(number)")])
    }
}

/// What a commit came to.
func outcome(_ store: SQLiteStore, _ batch: WriteBatch) async -> StoreError? {
    do throws(StoreError) {
        try await store.commit(batch)
        return nil
    } catch { return error }
}

/// Runs SQL on the file of a closed store, past the store.
func tamper(_ folder: String, _ statements: String...) throws {
    let connection = try Connection(file: folder + "/" + SQLiteStore.fileName, readOnly: false, pageCacheBytes: 1 << 20)
    let pointer = connection.takeOver()
    for sql in statements { try Statement(sql, on: pointer).run() }
}

/// The length of a file; 0 when it is not there.
func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// The permission bits of a file.
func mode(_ path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? UInt32(status.st_mode) & 0o777 : 0
}
