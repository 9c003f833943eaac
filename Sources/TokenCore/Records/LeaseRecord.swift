/// Who of many instances does a piece of work that one is enough for, and until when.
///
/// The record's version is the lease's fencing number: it rises with every change of hands and every renewal and never goes back, because the
/// record is not removed. Whoever works under a lease names that version with `expect` in its commit, so a holder that was paused and has lost
/// the lease changes nothing more.
public struct LeaseRecord: Sendable, Hashable {
    /// What is leased.
    public enum Work: UInt8, Sendable, CaseIterable {
        /// Letting time pass for the signing keys.
        case keys = 1
        /// Removing the rows of dead sessions.
        case housekeeping = 2
        /// Carrying events to the sinks.
        case events = 3
    }

    /// What is leased.
    public let work: Work
    /// The instance that has it: sixteen random bytes, drawn at its start.
    public var holder: [UInt8]
    /// Until when it is nobody else's.
    public var until: UnixTime

    /// A lease of some work.
    public init(_ work: Work, holder: [UInt8], until: UnixTime) {
        self.work = work
        self.holder = holder
        self.until = until
    }
}

extension LeaseRecord: Record {
    private static let form: UInt8 = 1

    /// There is one for each work.
    public static func key(for id: Work) -> RecordKey { RecordKey(partition: .control, kind: .lease, id: [id.rawValue]) }
    /// There is one for each work.
    public var key: RecordKey { Self.key(for: work) }
    /// Never: the fencing number must not start again.
    public var expiresAt: UnixTime { .distantFuture }

    /// Form 1: the end and the holder.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 27)
        writer.write(Self.form)
        writer.write(until)
        writer.write(sized: holder)
        return writer.bytes
    }

    /// The lease of what was stored.
    public init(stored: StoredRecord) throws(StoreError) {
        guard let work = stored.key.id.first.flatMap(Work.init(rawValue:)) else { throw .corrupt("a lease of no known work") }
        var reader = ByteReader(stored.body)
        guard try reader.read(UInt8.self) == Self.form else { throw .corrupt("a lease of an unknown form") }
        let until = try reader.readTime()
        self.init(work, holder: Array(try reader.readSized()), until: until)
        try reader.finish()
    }
}
