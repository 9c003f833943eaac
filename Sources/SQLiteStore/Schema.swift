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
        migrator.registerMigration("2") { database in
            try database.execute(sql: poolTables)
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

    /// Version 2: pools of tokens.
    ///
    /// - `pool` is the header of each, and gives it the short number that its rows carry.
    /// - `pool_token` is what changes of a token: one descent finds it by its id. A token is in one index when it may be assigned and in one when
    ///   something is due for it, and in neither otherwise.
    /// - `pool_value` is what never changes of it: apart, so that a verb does not write it again.
    private static let poolTables = """
        CREATE TABLE pool (
            number INTEGER NOT NULL PRIMARY KEY, name BLOB NOT NULL UNIQUE, policy BLOB NOT NULL, phase INTEGER NOT NULL DEFAULT 0,
            free INTEGER NOT NULL DEFAULT 0, assigned INTEGER NOT NULL DEFAULT 0, resting INTEGER NOT NULL DEFAULT 0,
            quarantined INTEGER NOT NULL DEFAULT 0, waiting INTEGER NOT NULL DEFAULT 0, surplus INTEGER NOT NULL DEFAULT 0,
            last_lease INTEGER NOT NULL DEFAULT 0, next_rank INTEGER NOT NULL DEFAULT 1, next_ticket INTEGER NOT NULL DEFAULT 1
        ) STRICT;
        CREATE TABLE pool_token (
            pool INTEGER NOT NULL, id BLOB NOT NULL, standing INTEGER NOT NULL, rank INTEGER, due_at INTEGER, last_sign INTEGER NOT NULL,
            last_lease INTEGER NOT NULL, failures INTEGER NOT NULL, since INTEGER, holder BLOB, recent BLOB,
            PRIMARY KEY (pool, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX pool_token_by_rank ON pool_token (pool, rank, id) WHERE rank IS NOT NULL;
        CREATE INDEX pool_token_by_due_at ON pool_token (pool, due_at, id) WHERE due_at IS NOT NULL;
        CREATE TABLE pool_value (
            pool INTEGER NOT NULL, id BLOB NOT NULL, sealed BLOB NOT NULL, metadata BLOB NOT NULL,
            PRIMARY KEY (pool, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE pool_holder (
            pool INTEGER NOT NULL, holder BLOB NOT NULL, held INTEGER NOT NULL,
            PRIMARY KEY (pool, holder)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE pool_ticket (
            pool INTEGER NOT NULL, number INTEGER NOT NULL, until INTEGER NOT NULL,
            PRIMARY KEY (pool, number)
        ) STRICT, WITHOUT ROWID;
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
