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
    static func encode(_ record: StoredRecord, version: Version) -> ByteBuffer {
        let indexKey = record.indexKey ?? []
        var buffer = ByteBuffer()
        buffer.reserveCapacity(30 + indexKey.count + record.body.count)
        buffer.writeInteger(version.number)
        buffer.writeInteger(record.expiresAt.milliseconds)
        buffer.writeBytes(encode(record.activity))
        buffer.writeInteger(record.indexKey == nil ? UInt16(0) : UInt16(indexKey.count + 1))
        buffer.writeBytes(indexKey)
        buffer.writeBytes(record.body)
        return buffer
    }

    /// An activity as the head has it.
    static func encode(_ activity: Activity) -> [UInt8] {
        var writer = ByteWriter(capacity: 12)
        writer.write(activity.lastSeen)
        writer.write(activity.retries)
        return writer.bytes
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
