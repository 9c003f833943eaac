import TokenCore

/// What tests write.
enum Sample {
    /// Some time in 2026.
    static let now = UnixTime(milliseconds: 1_790_000_000_123)

    static func record(_ key: RecordKey, body: [UInt8] = [1], indexKey: [UInt8]? = nil, lives: Duration = .seconds(3600)) -> StoredRecord {
        StoredRecord(key: key, version: .absent, body: body, indexKey: indexKey, expiresAt: now + lives, activity: .none)
    }

    static func insert(_ key: RecordKey, body: [UInt8] = [1], indexKey: [UInt8]? = nil, lives: Duration = .seconds(3600)) -> WriteBatch {
        WriteBatch(
            partition: key.partition, now: now, writes: [.put(record(key, body: body, indexKey: indexKey, lives: lives), expecting: .absent)])
    }
}
