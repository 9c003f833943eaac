/// One change of one record, or one condition on it.
public enum Write: Hashable, Sendable {
    /// Writes a record whose stored version is `expecting` (`absent`: it must not exist, or have expired); its version is then
    /// `expecting.next`, its activity the stored one merged with the given one. `record.version` is ignored.
    case put(StoredRecord, expecting: Version)
    /// Removes a record whose stored version is `expecting`.
    case remove(RecordKey, expecting: Version)
    /// Writes nothing, but the batch conflicts unless the stored version is `expecting`: a limit or an epoch that was only
    /// read is then part of the compare-and-swap.
    case expect(RecordKey, expecting: Version)
    /// Merges activity into a record and lets it live at least until `extendingTo`; never conflicts, never raises the version.
    /// Of a record that is not there nothing happens.
    case touch(RecordKey, Activity, extendingTo: UnixTime?)

    /// The record this is about.
    public var key: RecordKey {
        switch self {
        case .put(let record, _): record.key
        case .remove(let key, _), .expect(let key, _), .touch(let key, _, _): key
        }
    }
}

/// Everything one request changes: applied whole or not at all.
///
/// All keys are of one partition; no key stands twice among `put`, `remove` and `expect`. Conditions are judged on the state before
/// the batch. At most 1,024 writes, 256 revocations and 1,024 events.
public struct WriteBatch: Hashable, Sendable {
    /// Where everything in it lives.
    public let partition: Partition
    /// The clock of the request: what has expired by then counts as absent.
    public let now: UnixTime
    /// The changes and conditions.
    public var writes: [Write]
    /// Entries for the partition's revocation log; each draws the next dense number.
    public var revocations: [RevocationEntry]
    /// Entries for the outbox, in order.
    public var events: [Event]

    /// A batch for one partition.
    public init(partition: Partition, now: UnixTime, writes: [Write] = [], revocations: [RevocationEntry] = [], events: [Event] = []) {
        self.partition = partition
        self.now = now
        self.writes = writes
        self.revocations = revocations
        self.events = events
    }

    /// Whether there is nothing to write and nothing to expect.
    public var isEmpty: Bool { writes.isEmpty && revocations.isEmpty && events.isEmpty }

    /// Whether it changes the store; false also when it only has conditions.
    public var writesAnything: Bool {
        let changes = writes.contains { write in
            if case .expect = write { false } else { true }
        }
        return changes || !revocations.isEmpty || !events.isEmpty
    }
}

extension Write {
    /// The write that stores `record` over `version` (`absent` to create it).
    ///
    /// What was counted is in the store already and merging adds: only a new record brings its count, a replaced one its time alone.
    public static func put(_ record: some Record, over version: Version) -> Write {
        let activity = version == .absent ? record.activity : Activity(lastSeen: record.activity.lastSeen)
        let stored = StoredRecord(
            key: record.key, version: version.next, body: record.encoded(), indexKey: record.indexKey,
            expiresAt: record.expiresAt, activity: activity)
        return .put(stored, expecting: version)
    }
}
