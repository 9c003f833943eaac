import GRDBSQLite
import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

/// One connection writes; what reads could not if it wanted to.
@Suite struct ReadOnlyTests {
    @Test func aReaderCannotWrite() async throws {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(.init(path: folder))
        try await store.commit(Sample.insert(1))
        let pool = try ReaderPool(count: 2, file: folder + "/" + SQLiteStore.fileName, pageCacheBytes: 1 << 20)
        let orders = [
            "DELETE FROM record", "UPDATE record SET version = 9", "INSERT INTO fact (name, value) VALUES ('x', 1)", "CREATE TABLE more (x)",
            "DROP TABLE outbox", "PRAGMA user_version = 7", "VACUUM",
        ]
        for order in orders {
            let code = try pool.read { reader in
                let pointer = reader.connection.takeOver()
                do throws(SQLiteFailure) {
                    try Statement(order, on: pointer).run()
                    return SQLITE_OK
                } catch { return error.primary }
            }
            #expect(code == SQLITE_READONLY, "\(order)")
        }
        pool.close()
        #expect(try await store.load([Sample.key(1)], now: Sample.now)[0]?.version == Version(1))
        try await store.commit(Sample.insert(2))
        await store.close()
    }
}
