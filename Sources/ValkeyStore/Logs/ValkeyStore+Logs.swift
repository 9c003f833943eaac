import NIOCore
import Synchronization
public import TokenCore
import Valkey

extension ValkeyStore: RevocationLog {
    public func revocationHeads() async throws(StoreError) -> [Partition: UInt64] {
        try await heads("r")
    }

    public func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation] {
        var entries: [NumberedRevocation] = []
        for (number, body) in try await logged(in: Names(partition).revocations, after: number, limit: limit) {
            entries.append(NumberedRevocation(number: number, entry: try RevocationEntry(stored: body)))
        }
        return entries
    }
}

extension ValkeyStore: EventLog {
    public func outboxHeads() async throws(StoreError) -> [Partition: UInt64] { try await heads("e", noticingHistory: true) }

    public func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        var events: [NumberedEvent] = []
        for (number, body) in try await logged(in: Names(outbox).outbox, after: number, limit: limit) {
            events.append(NumberedEvent(outbox: outbox, number: number, event: try Event(stored: body)))
        }
        return events
    }

    public func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        let stream = Names(outbox).outbox
        let first = number == .max ? "18446744073709551615-18446744073709551615" : "\(number + 1)-0"
        let command = ValkeyRawCommand(["XTRIM", stream, "MINID", ValkeyKey(first)], keys: [stream])
        // Removing what is removed changes nothing.
        do throws(ValkeyClientError) { _ = try await client.execute([Repeatable(command)])[0].get() } catch { throw StoreError(reading: error) }
    }

    /// The bytes are reckoned from the oldest events: the server counts entries and not bytes.
    public func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog {
        let stream = Names(outbox).outbox
        let count = try await client.reading(ValkeyRawCommand(["XLEN", stream], keys: [stream], isReadOnly: true), as: Int.self)
        let sample = try await logged(in: stream, after: 0, limit: 100)
        guard let oldest = sample.first, count > 0 else { return OutboxBacklog(count: 0, bytes: 0, oldest: nil) }
        let bytes = sample.reduce(0) { $0 + $1.body.count }
        return OutboxBacklog(count: count, bytes: bytes * max(count, sample.count) / sample.count, oldest: try Event(stored: oldest.body).at)
    }
}

extension ValkeyStore {
    /// Entries of a stream of ours after a number: its ids are the numbers, each entry has one field.
    private func logged(in stream: ValkeyKey, after number: UInt64, limit: Int) async throws(StoreError) -> [(number: UInt64, body: [UInt8])] {
        guard number < .max else { return [] }
        var found: [(number: UInt64, body: [UInt8])] = []
        for entry in try await client.reading(XRANGE(stream, start: "\(number + 1)-0", count: limit)) {
            guard let number = UInt64(entry.id.prefix { $0 != "-" }), let body = entry.fields.first?.value else {
                throw .corrupt("an entry \(entry.id) of a log that is none of ours")
            }
            found.append((number, Array(body.readableBytesView)))
        }
        return found
    }

    /// One number of every partition's heads, where it is above 0.
    ///
    /// - Parameter noticingHistory: 0 where the server has another history than at the last call.
    private func heads(_ field: String, noticingHistory: Bool = false) async throws(StoreError) -> [Partition: UInt64] {
        var heads: [Partition: UInt64] = [:]
        for shard in try await shards() {
            let questions = shard.partitions.map {
                ValkeyRawCommand(["HGET", Names($0).heads, ValkeyKey(field)], keys: [Names($0).heads], isReadOnly: true)
            }
            let replies = await shard.execute([INFO(sections: ["server", "replication"])] + questions)
            let history = try ServerFacts(replies[0]).history
            for (partition, reply) in zip(shard.partitions, replies.dropFirst()) {
                guard let number = try reply.number(), number > 0 else { continue }
                let wentOn = outboxHistories.withLock { histories in
                    defer { if noticingHistory { histories[partition] = history } }
                    return histories[partition] ?? history == history
                }
                heads[partition] = wentOn || !noticingHistory ? number : 0
            }
        }
        return heads
    }
}

extension Result where Success == RESPToken, Failure == ValkeyClientError {
    /// A count, or nil for nothing.
    func number() throws(StoreError) -> UInt64? {
        do throws(ValkeyClientError) {
            let token = try get()
            do throws(RESPDecodeError) { return try token.decode(as: Int64?.self).map { UInt64(clamping: $0) } } catch {
                throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
            }
        } catch { throw StoreError(reading: error) }
    }
}
