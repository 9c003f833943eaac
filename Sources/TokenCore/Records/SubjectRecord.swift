/// What holds for everything of one subject. Absent for most: it exists once a subject's sessions were ended together or are limited in number.
///
/// Every login and refresh of the subject expects its version, so that an epoch or a limit is part of their compare-and-swap.
public struct SubjectRecord: Sendable, Hashable {
    /// Whom.
    public let subject: Subject
    /// Where: the subject's partition.
    public let partition: Partition
    /// Every session born at or before this is dead; nil if there was never such an order.
    public var epoch: UnixTime?
    /// Whether the rows of dead sessions may still be there, for the reaper to remove.
    public var awaitsReaper: Bool
    /// When nothing that it limits can exist any more.
    private var keptUntil: UnixTime

    /// A record for a subject that had none.
    public init(subject: Subject, partition: Partition) {
        self.subject = subject
        self.partition = partition
        epoch = nil
        awaitsReaper = false
        keptUntil = .epoch
    }

    /// When it ceases to exist: not while a session that its epoch ended may still have a row, whatever lifetime that was born with.
    public var expiresAt: UnixTime { awaitsReaper ? .distantFuture : keptUntil }

    /// Ends every session born so far; returns the epoch that does it.
    ///
    /// A login straight after an epoch is born a millisecond after it, which the clock may not have reached: the next epoch is
    /// therefore at least that much later.
    ///
    /// - Parameter storeEpoch: the epoch of the whole store, which moves births in the same way.
    public mutating func endAll(policy: SessionPolicy, storeEpoch: UnixTime? = nil, now: UnixTime) -> UnixTime {
        let time = max(now, latest(epoch, storeEpoch).map { $0 + .milliseconds(1) } ?? now)
        end(upTo: time, policy: policy)
        return time
    }

    /// Ends every session born at or before a time.
    mutating func end(upTo time: UnixTime, policy: SessionPolicy) {
        epoch = max(epoch ?? time, time)
        awaitsReaper = true
        keep(policy: policy, now: time)
    }

    /// Keeps the record as long as a session that is born now may live, a minute more for clocks.
    public mutating func keep(policy: SessionPolicy, now: UnixTime) {
        keptUntil = max(keptUntil, now + policy.refreshLifetime + .seconds(60))
    }
}

extension SubjectRecord: Record {
    private static let form: UInt8 = 1
    /// The index key of records that await the reaper.
    public static let reaperIndex: [UInt8] = [1]

    /// A subject's place.
    public struct ID: Sendable, Hashable {
        /// Whom.
        public let subject: Subject
        /// Where.
        public let partition: Partition

        /// The id of a subject in a store of `partitions` partitions.
        public init(_ subject: Subject, partitions: Int) {
            self.subject = subject
            partition = Partition(of: subject, count: partitions)
        }

        /// The id of a subject in a known partition.
        public init(_ subject: Subject, partition: Partition) {
            self.subject = subject
            self.partition = partition
        }
    }

    /// Where the record of that subject stands.
    public static func key(for id: ID) -> RecordKey {
        RecordKey(partition: id.partition, kind: .subject, id: Array(id.subject.text.utf8))
    }

    /// Where this record stands.
    public var key: RecordKey { Self.key(for: ID(subject, partition: partition)) }
    /// Listed while the reaper has work with it.
    public var indexKey: [UInt8]? { awaitsReaper ? Self.reaperIndex : nil }

    /// Form 1. The expiry is repeated here because the store's column says `distantFuture` while the reaper is awaited.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 24)
        writer.write(Self.form)
        writer.write(UInt8((epoch == nil ? 0 : 1) | (awaitsReaper ? 2 : 0)))
        writer.write(keptUntil)
        if let epoch { writer.write(epoch) }
        return writer.bytes
    }

    /// The record of what was stored.
    public init(stored: StoredRecord) throws(StoreError) {
        guard let text = String(validating: stored.key.id, as: UTF8.self), let subject = Subject(text: text) else {
            throw .corrupt("a subject record without a subject")
        }
        self.init(subject: subject, partition: stored.key.partition)
        var reader = ByteReader(stored.body)
        guard try reader.read(UInt8.self) == Self.form else { throw .corrupt("a subject record of an unknown form") }
        let flags = try reader.read(UInt8.self)
        keptUntil = try reader.readTime()
        if flags & 1 != 0 { epoch = try reader.readTime() }
        awaitsReaper = flags & 2 != 0
        try reader.finish()
    }
}
