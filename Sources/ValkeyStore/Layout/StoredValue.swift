import NIOCore
import TokenCore

/// The value of a record's key: a head of fixed size that the scripts read, the index key, the body.
///
/// | bytes | what |
/// |---|---|
/// | 8 | version |
/// | 8 | expiry, in milliseconds since the epoch |
/// | 8 | last seen, likewise |
/// | 4 | retries |
/// | 2 | 0: no index key; else its length and one |
/// | … | the index key, the body |
///
/// Numbers are big endian. The scripts compare them in halves, because their own numbers are exact to 53 bits only.
enum StoredValue {
    /// How long a record stays on the server after its expiry: a replica that takes over with a clock that is ahead removes nothing early. What has
    /// expired by the clock of the request is absent, whether or not the server still has it.
    static let margin = Duration.seconds(60)
    /// Times to live from here on, some 35,000 years, are none.
    private static let longest: Int64 = 1 << 50

    /// The value of a record that was written as that version.
    static func write(_ record: StoredRecord, version: Version, to buffer: inout ByteBuffer) {
        let indexKey = record.indexKey ?? []
        buffer.writeInteger(version.number)
        buffer.writeInteger(record.expiresAt.milliseconds)
        write(record.activity, to: &buffer)
        buffer.writeInteger(record.indexKey == nil ? UInt16(0) : UInt16(indexKey.count + 1))
        buffer.writeBytes(indexKey)
        buffer.writeBytes(record.body)
    }

    /// The length of that value in bytes.
    static func length(_ record: StoredRecord) -> Int { 30 + (record.indexKey?.count ?? 0) + record.body.count }

    /// An activity as the head has it.
    static func write(_ activity: Activity, to buffer: inout ByteBuffer) {
        buffer.writeInteger(activity.lastSeen.milliseconds)
        buffer.writeInteger(activity.retries)
    }

    /// The record of a value.
    ///
    /// - Throws: `.corrupt` when it is none of ours.
    static func decode(_ value: ByteBuffer, key: RecordKey) throws(StoreError) -> StoredRecord {
        var buffer = value
        guard
            let version = buffer.readInteger(as: UInt64.self), let end = buffer.readInteger(as: Int64.self),
            let seen = buffer.readInteger(as: Int64.self), let retries = buffer.readInteger(as: UInt32.self),
            let length = buffer.readInteger(as: UInt16.self), let indexKey = buffer.readBytes(length: max(0, Int(length) - 1))
        else { throw .corrupt("a record of kind \(key.kind) is shorter than its head") }
        return StoredRecord(
            key: key, version: Version(version), body: Array(buffer.readableBytesView), indexKey: length == 0 ? nil : indexKey,
            expiresAt: UnixTime(milliseconds: end), activity: Activity(lastSeen: UnixTime(milliseconds: seen), retries: retries))
    }

    /// The server's own time to live, in milliseconds: the rest by the clock of the request, and the margin. Empty for none.
    static func timeToLive(until end: UnixTime, now: UnixTime) -> String {
        let rest = (end + margin - now).wholeMilliseconds
        return rest >= longest ? "" : String(max(1, rest))
    }
}
