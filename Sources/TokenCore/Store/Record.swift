/// What a record is about: the first part of its key, and its number in every stored file. Numbers are never reused.
public enum RecordKind: UInt8, Sendable, CaseIterable {
    /// One session and its refresh tokens: `Family`.
    case family = 1
    /// What holds for everything of one subject: `SubjectRecord`.
    case subject = 2
    /// A client that may authenticate: `ClientRecord`.
    case client = 3
    /// The signing keys, all in one record: `KeyRing`.
    case keyRing = 4
    /// The epoch of the whole store: `StoreEpoch`.
    case storeEpoch = 5
    /// Who does what only one instance does: `LeaseRecord`.
    case lease = 6
    /// What the tokens of pools are sealed with: `PoolSecret`.
    case poolSecret = 7
    /// What processes share of a token that somebody else issues: `UpstreamRecord`.
    case upstream = 8
}

/// Where a record stands in a store.
public struct RecordKey: Hashable, Sendable {
    /// The unit of atomicity it belongs to.
    public let partition: Partition
    /// What it is.
    public let kind: RecordKind
    /// Which one: 0 to 255 bytes. Records of a kind are listed in the order of these bytes.
    public let id: [UInt8]

    /// A key of three parts.
    public init(partition: Partition, kind: RecordKind, id: [UInt8]) {
        self.partition = partition
        self.kind = kind
        self.id = id
    }
}

/// How often a record has been replaced. `absent` (0) is the version of what is not there; the first write makes it 1.
public struct Version: Hashable, Comparable, Sendable {
    /// The count.
    public let number: UInt64
    /// The version of a record that does not exist, or no longer.
    public static let absent = Version(0)

    /// A version of that number.
    public init(_ number: UInt64) { self.number = number }
    /// The version after this one.
    public var next: Version { Version(number + 1) }
    /// By number.
    public static func < (a: Version, b: Version) -> Bool { a.number < b.number }
}

/// What is merged into a record without a version conflict and without raising its version: a latest time and a count.
public struct Activity: Hashable, Sendable {
    /// When it was last seen: merging keeps the later one.
    public var lastSeen: UnixTime
    /// How many refreshes were retried: merging adds, saturating.
    public var retries: UInt32

    /// Nothing seen, nothing counted.
    public static let none = Activity(lastSeen: .epoch, retries: 0)

    /// An activity to merge, or the merged one.
    public init(lastSeen: UnixTime, retries: UInt32 = 0) {
        self.lastSeen = lastSeen
        self.retries = retries
    }

    /// Both taken together.
    public func merged(with other: Activity) -> Activity {
        let (sum, overflow) = retries.addingReportingOverflow(other.retries)
        return Activity(lastSeen: max(lastSeen, other.lastSeen), retries: overflow ? .max : sum)
    }
}

/// A record as a store keeps it: bytes it does not read, and the few things it must know to keep them.
public struct StoredRecord: Hashable, Sendable {
    /// Where it stands.
    public var key: RecordKey
    /// The version to expect when writing it back.
    public var version: Version
    /// The record's own bytes.
    public var body: [UInt8]
    /// What `find` looks it up by, or nil: at most 255 bytes. One index key per record, scoped to its kind and partition.
    public var indexKey: [UInt8]?
    /// When it ceases to exist, to the millisecond: at this time and later `load` answers nil. `distantFuture` keeps it.
    public var expiresAt: UnixTime
    /// What has been merged into it.
    public var activity: Activity

    /// A record with everything a store must know of it.
    public init(key: RecordKey, version: Version, body: [UInt8], indexKey: [UInt8]?, expiresAt: UnixTime, activity: Activity) {
        self.key = key
        self.version = version
        self.body = body
        self.indexKey = indexKey
        self.expiresAt = expiresAt
        self.activity = activity
    }
}

/// A value that is stored under a key of its own.
public protocol Record: Sendable {
    /// What tells one of its kind from another.
    associatedtype ID: Sendable
    /// Where the record of that id stands.
    static func key(for id: ID) -> RecordKey
    /// Where this record stands.
    var key: RecordKey { get }
    /// What lists find it by, or nil.
    var indexKey: [UInt8]? { get }
    /// When it ceases to exist.
    var expiresAt: UnixTime { get }
    /// The activity that it starts with when inserted, and that is merged in when replaced.
    var activity: Activity { get }
    /// Its bytes, in a form that `init(stored:)` reads; the first byte is the form's number.
    func encoded() -> [UInt8]
    /// The record of what was stored.
    ///
    /// - Throws: `StoreError.corrupt` when the bytes are not of this form.
    init(stored: StoredRecord) throws(StoreError)
}

extension Record {
    /// Not found by any list.
    public var indexKey: [UInt8]? { nil }
    /// No activity of its own.
    public var activity: Activity { .none }
}

/// A record and the version to expect when writing it back.
public struct Versioned<R: Record>: Sendable {
    /// The record.
    public var record: R
    /// The version it was read at.
    public var version: Version

    /// A record as read.
    public init(_ record: R, version: Version) {
        self.record = record
        self.version = version
    }
}
