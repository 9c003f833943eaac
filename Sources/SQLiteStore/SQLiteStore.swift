public import TokenCore

/// The embedded store: one SQLite file in a folder of its own, one connection that writes, a few that read.
///
/// A commit returns when it is fsynced. Commits that wait at the same time share one transaction and one fsync; a conflict in one spoils no
/// other. Reads run on the caller's thread, see every commit that returned before, and go on when the disk is full.
public final class SQLiteStore: Sendable {
    /// How many partitions there are, fixed when the store was first opened.
    public let partitionCount: Int
    /// Up to when the store had forgotten when it was opened: nothing was ever removed that was to be kept longer. A clock that stands before it
    /// would miss something, revocations above all.
    public let forgottenUpTo: UnixTime
    private let lock: FolderLock
    let writer: CommitQueue
    let readers: ReaderPool

    private init(partitionCount: Int, forgottenUpTo: UnixTime, lock: FolderLock, writer: CommitQueue, readers: ReaderPool) {
        self.partitionCount = partitionCount
        self.forgottenUpTo = forgottenUpTo
        self.lock = lock
        self.writer = writer
        self.readers = readers
    }

    /// Opens the store of a folder, making both if they are not there.
    ///
    /// - Throws: `.unavailable` when the folder is in use by another store or cannot be written; `.corrupt` when the file is not
    ///   ours, is damaged, comes from a later version, or was made with another number of partitions.
    public static func open(_ configuration: Configuration) throws(StoreError) -> SQLiteStore {
        let partitions = configuration.partitions
        precondition((1...Partition.most).contains(partitions) && partitions.nonzeroBitCount == 1, "partitions are a power of two")
        try SystemCalls.makeFolder(configuration.path)
        let lock = try FolderLock(folder: configuration.path)
        let file = configuration.path + "/" + SQLiteStore.fileName
        try SystemCalls.makeFile(file)
        let connection = try Connection(
            file: file, readOnly: false, pageCacheBytes: configuration.pageCacheBytes, pragmas: configuration.pragmas)
        try Schema.prepare(connection, partitions: partitions)
        let forgotten = try Forgotten.upTo(connection)
        let writer = try Writer(connection, keepsEvents: configuration.keepsEvents, checkpointAtPages: configuration.checkpointAtPages)
        let readers = try ReaderPool(
            count: configuration.readers ?? max(2, SystemCalls.processors), file: file, pageCacheBytes: configuration.pageCacheBytes)
        return SQLiteStore(
            partitionCount: partitions, forgottenUpTo: forgotten, lock: lock,
            writer: CommitQueue(writer, observer: configuration.observer), readers: readers)
    }

    /// How many commits wait for the group after the one under way: for metrics.
    public var waiting: Int { writer.waiting }

    /// Refuses new work, finishes what waits, and leaves the folder to others. A store may be closed twice.
    public func close() async {
        // The writer's connection ends last, so that it is the one that copies and removes the log.
        await writer.close { [readers] in readers.close() }
        lock.release()
    }
}

extension SQLiteStore.Configuration {
    /// What the writing connection is told first.
    fileprivate var pragmas: [String] {
        var pragmas = [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = \(synchronous == .full ? "FULL" : "OFF")",
            // Removed rows are overwritten where that costs no extra page.
            "PRAGMA secure_delete = FAST",
            // A reader may let the log grow; its file shrinks again when it starts over.
            "PRAGMA journal_size_limit = \(Checkpointer.bytesKept(copiedAt: checkpointAtPages))",
        ]
        if let mostPages { pragmas.append("PRAGMA max_page_count = \(mostPages)") }
        return pragmas
    }
}

extension SQLiteStore {
    /// The name of the database in its folder.
    public static let fileName = "mintmark.db"
}

extension SQLiteStore: RecordStore {
    public func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        try readers.read { (reader) throws(SQLiteFailure) in try reader.load(keys, now: now) }
    }

    public func commit(_ batch: WriteBatch) async throws(StoreError) {
        batch.checkBounds()
        _ = try await writer.perform(.batch(batch))
    }

    public func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] {
        try readers.read { (reader) throws(SQLiteFailure) in try reader.find(query, now: now) }
    }

    public func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int {
        let records = try await repeated(upTo: limit) { .sweepRecords(now: now, limit: $0) }
        return records + (try await repeated(upTo: limit) { .sweepRevocations(now: now, limit: $0) })
    }

    public func check() async throws(StoreError) { _ = try await writer.perform(.check) }

    /// Has work done piece by piece, each in a group of its own so that others get between, until nothing is left or enough is done.
    private func repeated(upTo limit: Int, _ work: (_ rest: Int) -> Work) async throws(StoreError) -> Int {
        var done = 0
        while done < limit {
            let outcome = try await writer.perform(work(limit - done))
            done += outcome.count
            guard outcome.hasMore else { break }
        }
        return done
    }
}

extension SQLiteStore {
    /// How many records of a kind are listed by an index key, those included that have expired and await the sweep.
    ///
    /// A scan of an index, some 50 ns a record: for figures, not for requests.
    public func countListed(of kind: RecordKind) async throws(StoreError) -> Int {
        try readers.read { (reader) throws(SQLiteFailure) in try reader.countListed(of: kind) }
    }
}

extension SQLiteStore: RevocationLog {
    public func revocationHeads() async throws(StoreError) -> [Partition: UInt64] {
        try readers.read { (reader) throws(SQLiteFailure) in try reader.revocationHeads() }
    }

    public func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation] {
        let stored = try readers.read { (reader) throws(SQLiteFailure) in
            try reader.revocations(in: partition, after: number, limit: limit)
        }
        var entries: [NumberedRevocation] = []
        for (number, body) in stored { entries.append(NumberedRevocation(number: number, entry: try RevocationEntry(stored: body))) }
        return entries
    }
}

extension SQLiteStore: EventLog {
    public func outboxHeads() async throws(StoreError) -> [Partition: UInt64] {
        let last = try readers.read { (reader) throws(SQLiteFailure) in try reader.lastEventNumber() }
        return last.map { [.control: $0] } ?? [:]
    }

    public func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        guard outbox == .control else { return [] }
        let stored = try readers.read { (reader) throws(SQLiteFailure) in try reader.events(after: number, limit: limit) }
        var events: [NumberedEvent] = []
        for (number, body) in stored { events.append(NumberedEvent(number: number, event: try Event(stored: body))) }
        return events
    }

    public func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        guard outbox == .control else { return }
        _ = try await repeated(upTo: .max) { _ in .trimEvents(through: number) }
    }

    public func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog {
        let empty = OutboxBacklog(count: 0, bytes: 0, oldest: nil)
        guard outbox == .control, let found = try readers.read({ (reader) throws(SQLiteFailure) in try reader.backlog() }) else { return empty }
        return OutboxBacklog(count: found.count, bytes: found.bytes, oldest: try Event(stored: found.oldest).at)
    }
}
