import NIOCore
public import TokenCore
import Valkey

extension ValkeyStore: RecordStore {
    public func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        guard let partition = keys.first?.partition else { return [] }
        // With the marker in the same reply: what an emptied server does not have is not absent.
        let values = try await client.reading(MGET(keys: [Names(partition).marker] + keys.map(\.name)))
        guard values.count == keys.count + 1 else { throw .corrupt("the server answered \(values.count) values for \(keys.count + 1) keys") }
        guard values[0] == name.bytes else { throw .foreign }
        var records: [StoredRecord?] = []
        records.reserveCapacity(keys.count)
        for (key, value) in zip(keys, values.dropFirst()) { records.append(try value.flatMapLive(key, now)) }
        return records
    }

    public func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] {
        let names = Names(query.partition)
        guard query.indexKey != nil || query.kind.isListed else { return try await walk(query, now: now) }
        let call = scripts.find(
            keys: [names.marker, query.indexKey.map { names.index(query.kind, $0) } ?? names.list(query.kind)],
            arguments: [
                name, ValkeyKey(bigEndian: now.milliseconds), ValkeyKey(optional: query.after), ValkeyKey(String(query.limit)),
                ValkeyKey(query.kind.letter), ValkeyKey(optional: query.indexKey),
            ], isReadOnly: true)
        let found = try await client.reading(call, as: [ByteBuffer].self)
        var records: [StoredRecord] = []
        records.reserveCapacity(found.count / 2)
        for start in stride(from: 0, to: found.count - 1, by: 2) {
            let key = RecordKey(partition: query.partition, kind: query.kind, id: Array(found[start].readableBytesView))
            records.append(try StoredValue.decode(found[start + 1], key: key))
        }
        return records
    }

    /// The server removes what has expired.
    public var expiresByItself: Bool { true }

    /// Nothing is ever due: the server removes what has expired, and commits shorten the logs.
    public func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int { 0 }
}

extension StoreError {
    /// The servers hold something else than what was opened.
    static var foreign: StoreError {
        StoreError(reading: ValkeyClientError(.commandError, execution: .replied, message: "FOREIGN"))
    }
}

extension ByteBuffer? {
    /// The record of a value that is there and has not expired.
    fileprivate func flatMapLive(_ key: RecordKey, _ now: UnixTime) throws(StoreError) -> StoredRecord? {
        guard let self else { return nil }
        let record = try StoredValue.decode(self, key: key)
        return record.expiresAt > now ? record : nil
    }
}

extension ValkeyKey {
    /// `1` and the bytes, or `0` for none.
    fileprivate init(optional bytes: [UInt8]?) { self = bytes.map { ValkeyKey([UInt8(ascii: "1")] + $0) } ?? "0" }
}

extension ValkeyClientProtocol {
    /// Runs a command that only reads.
    func reading<Command: ValkeyCommand>(_ command: Command) async throws(StoreError) -> Command.Response {
        do throws(ValkeyClientError) { return try await execute(command) } catch { throw StoreError(reading: error) }
    }

    /// Runs a command that only reads, and reads its reply.
    func reading<Value: RESPTokenDecodable>(_ command: some ValkeyCommand, as type: Value.Type) async throws(StoreError) -> Value {
        do throws(ValkeyClientError) {
            let reply = try await execute([command])[0].get()
            do throws(RESPDecodeError) { return try reply.decode(as: Value.self) } catch {
                throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
            }
        } catch { throw StoreError(reading: error) }
    }
}
