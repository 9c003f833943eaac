import GRDB
import TokenCore

/// The tables, one migration after another. A migration that has been released is never changed.
enum Schema {
    /// `application_id` of a Mintmark store ("Mint"): tells our files from other SQLite files.
    static let applicationID = 0x4d69_6e74

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: firstTables)
        }
        return migrator
    }

    /// Version 1.
    ///
    /// - `record` is clustered by its key: one descent reads a row. The id stands before the partition, because session ids sort by birth:
    ///   the sessions that begin in one commit share a page or two, where with the partition first each would change a page of its own. A list
    ///   of all records of a kind pays for it by passing over those of other partitions; lists by index key do not.
    /// - `record.due_at` is never later than `expires_at` and is all that is indexed, so a refresh moves no index entry: the sweep finds a row
    ///   when it may be due and files it again when it is not.
    /// - `outbox.total` counts bytes up to and including its row, so that the backlog is two look-ups and not a scan.
    private static let firstTables = """
        CREATE TABLE record (
            kind INTEGER NOT NULL, partition INTEGER NOT NULL, id BLOB NOT NULL,
            version INTEGER NOT NULL, expires_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
            last_seen INTEGER NOT NULL, retries INTEGER NOT NULL, index_key BLOB, body BLOB NOT NULL,
            PRIMARY KEY (kind, id, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX record_by_index_key ON record (kind, partition, index_key, id) WHERE index_key IS NOT NULL;
        CREATE INDEX record_by_due_at ON record (due_at);
        CREATE TABLE revocation (
            partition INTEGER NOT NULL, number INTEGER NOT NULL, expires_at INTEGER NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (partition, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE revocation_head (partition INTEGER NOT NULL PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE outbox (number INTEGER NOT NULL PRIMARY KEY, total INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
        CREATE TABLE fact (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE probe (number INTEGER NOT NULL PRIMARY KEY, filler BLOB NOT NULL) STRICT;
        """

    /// Brings a file to this version and checks that it is ours.
    ///
    /// - Throws: `.corrupt` when it is another program's, of a later version, or was made with another number of partitions.
    static func prepare(_ connection: Connection, partitions: Int) throws(StoreError) {
        try connection.setUp { database in
            try refuseStrangers(database)
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        try connection.migrate(migrator)
        try connection.setUp { database in
            try database.execute(sql: "INSERT INTO fact (name, value) VALUES ('partitions', ?) ON CONFLICT DO NOTHING", arguments: [partitions])
            let found = try Int.fetchOne(database, sql: "SELECT value FROM fact WHERE name = 'partitions'")
            guard found == partitions else {
                throw StoreError.corrupt("the store was made with \(found ?? 0) partitions and cannot be opened with \(partitions)")
            }
        }
    }

    /// Throws `.corrupt` unless the file is empty or a Mintmark store of a version that we know.
    static func refuseStrangers(_ database: Database) throws {
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard tables > 0 else { return }
        guard try Int.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
            throw StoreError.corrupt("the file is not a Mintmark store")
        }
        guard try !migrator.hasBeenSuperseded(database) else {
            throw StoreError.corrupt("the store was written by a later version of Mintmark")
        }
    }
}
