import TokenCore

/// What an `InMemoryStore` holds, and the rules of `RecordStore` as plain functions over it.
struct MemoryContents {
    /// One partition's records of one kind.
    struct Shelf: Hashable {
        let partition: Partition
        let kind: RecordKind
    }

    /// Every record, also those past their expiry that no sweep has removed yet.
    private var shelves: [Shelf: [RecordKey: StoredRecord]] = [:]
    /// The number of the last revocation of each partition.
    private(set) var heads: [Partition: UInt64] = [:]
    /// The kept revocations of each partition, in order.
    private(set) var revocations: [Partition: [NumberedRevocation]] = [:]
    /// The outbox, in order.
    var events: [NumberedEvent] = []
    private var lastEvent: UInt64 = 0

    /// The record, unless it is past its expiry.
    func record(_ key: RecordKey, at now: UnixTime) -> StoredRecord? {
        guard let record = self[key], record.expiresAt > now else { return nil }
        return record
    }

    /// Whether every condition of the batch holds on the state as it is.
    func meets(_ batch: WriteBatch) -> Bool {
        batch.writes.allSatisfy { write in
            switch write {
            case .put(let record, let version): self.version(record.key, at: batch.now) == version
            case .remove(let key, let version), .expect(let key, let version): self.version(key, at: batch.now) == version
            case .touch: true
            }
        }
    }

    /// Writes everything of a batch whose conditions are met.
    mutating func apply(_ batch: WriteBatch) {
        for write in batch.writes { apply(write, at: batch.now) }
        for entry in batch.revocations {
            heads[batch.partition, default: 0] += 1
            revocations[batch.partition, default: []].append(NumberedRevocation(number: heads[batch.partition, default: 0], entry: entry))
        }
        for event in batch.events {
            lastEvent += 1
            events.append(NumberedEvent(number: lastEvent, event: event))
        }
    }

    /// The records that a query asks for.
    func find(_ query: RecordQuery, at now: UnixTime) -> [StoredRecord] {
        let shelf = shelves[Shelf(partition: query.partition, kind: query.kind)] ?? [:]
        let found = shelf.values.filter { record in
            record.expiresAt > now
                && (query.indexKey == nil || record.indexKey == query.indexKey)
                && query.after.map { $0.lexicographicallyPrecedes(record.key.id) } ?? true
        }
        return Array(found.sorted { $0.key.id.lexicographicallyPrecedes($1.key.id) }.prefix(query.limit))
    }

    /// Removes records past their expiry, at most `limit`; returns how many.
    mutating func sweepRecords(at now: UnixTime, limit: Int) -> Int {
        let due = Array(shelves.values.joined().lazy.filter { $0.value.expiresAt <= now }.prefix(limit).map(\.key))
        for key in due { self[key] = nil }
        return due.count
    }

    /// Removes revocations past their expiry from the front of each partition's log, at most `limit`; returns how many.
    ///
    /// An entry stays while an earlier one must: what is kept of a log has no gap.
    mutating func sweepRevocations(at now: UnixTime, limit: Int) -> Int {
        var removed = 0
        for partition in revocations.keys.sorted() {
            let log = revocations[partition] ?? []
            let due = log.prefix { $0.entry.expiresAt <= now }.prefix(limit - removed).count
            revocations[partition] = Array(log.dropFirst(due))
            removed += due
        }
        return removed
    }

    private mutating func apply(_ write: Write, at now: UnixTime) {
        switch write {
        case .put(var record, let version):
            record.version = version.next
            if let old = self.record(record.key, at: now) { record.activity = old.activity.merged(with: record.activity) }
            self[record.key] = record
        case .remove(let key, _):
            self[key] = nil
        case .touch(let key, let activity, let end):
            guard var record = self.record(key, at: now) else { return }
            record.activity = record.activity.merged(with: activity)
            record.expiresAt = max(record.expiresAt, end ?? record.expiresAt)
            self[key] = record
        case .expect:
            break
        }
    }

    private func version(_ key: RecordKey, at now: UnixTime) -> Version { record(key, at: now)?.version ?? .absent }

    private subscript(key: RecordKey) -> StoredRecord? {
        get { shelves[Shelf(partition: key.partition, kind: key.kind)]?[key] }
        set { shelves[Shelf(partition: key.partition, kind: key.kind), default: [:]][key] = newValue }
    }
}
