import NIOCore
import TokenCore
import Valkey

extension ValkeyStore {
    /// A page of all records of a kind that has no list: walks through every key of the server that holds the partition. For administrators and
    /// tests, not for requests.
    func walk(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] {
        var page: [StoredRecord] = []
        var after = query.after
        while page.count < query.limit {
            let ids = try await ids(query, after: after)
            for start in stride(from: 0, to: ids.count, by: 1000) {
                let keys = ids[start..<min(start + 1000, ids.count)].map { RecordKey(partition: query.partition, kind: query.kind, id: $0) }
                page += try await load(keys, now: now).compactMap(\.self)
            }
            // A walk keeps the smallest ids only: behind a full one there may be more.
            guard ids.count == Self.walkKeeps, let last = ids.last else { break }
            after = last
        }
        return Array(page.prefix(query.limit))
    }

    private static var walkKeeps: Int { 10_000 }

    /// The smallest ids after one, in order, at most `walkKeeps`.
    private func ids(_ query: RecordQuery, after: [UInt8]?) async throws(StoreError) -> [[UInt8]] {
        let prefix = Names(query.partition).record(query.kind, [])
        let length = prefix.bytes.readableBytes
        var kept: Set<[UInt8]> = []
        var cursor: ValkeyKey = "0"
        repeat {
            let reply = try await scan(query.partition, cursor, prefix)
            for name in reply.names where name.readableBytes >= length {
                let id = Array(name.readableBytesView.dropFirst(length))
                if after.map({ $0.lexicographicallyPrecedes(id) }) ?? true { kept.insert(id) }
            }
            if kept.count > 4 * Self.walkKeeps { kept = Set(Self.smallest(kept)) }
            cursor = reply.cursor
        } while cursor != "0"
        return Self.smallest(kept)
    }

    private static func smallest(_ ids: Set<[UInt8]>) -> [[UInt8]] {
        Array(ids.sorted { $0.lexicographicallyPrecedes($1) }.prefix(walkKeeps))
    }

    /// One step, on the server that holds the partition.
    private func scan(
        _ partition: Partition, _ cursor: ValkeyKey, _ prefix: ValkeyKey
    ) async throws(StoreError) -> (cursor: ValkeyKey, names: [ByteBuffer]) {
        var pattern = prefix.bytes
        pattern.writeString("*")
        let command = ValkeyRawCommand(["SCAN", cursor, "MATCH", ValkeyKey(pattern), "COUNT", "1000"], isReadOnly: true)
        do throws(ValkeyClientError) {
            let reply: RESPToken
            if let cluster = client as? ValkeyClusterClient {
                let server = try await cluster.primary(for: Names(partition).marker)
                reply = try await cluster.execute([command], on: server)[0].get()
            } else {
                reply = try await client.execute([command])[0].get()
            }
            do throws(RESPDecodeError) {
                let parts = try reply.decode(as: [RESPToken].self)
                guard parts.count == 2 else { throw RESPDecodeError(expected: "a cursor and names", token: reply) }
                return (try ValkeyKey(parts[0]), try [ByteBuffer](parts[1]))
            } catch {
                throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
            }
        } catch { throw StoreError(reading: error) }
    }
}
