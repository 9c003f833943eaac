import Synchronization
public import TokenCore
import Valkey

extension ValkeyStore: SharedStore {
    public func time() async throws(StoreError) -> UnixTime {
        let names = Names(.control)
        // What we believe goes along: if another server has taken over since, and its clock is behind, the time goes on from there.
        let believed = lastTime.withLock { $0.map { $0.time + (ContinuousClock.now - $0.at) } }
        let call = scripts.clock(
            keys: [names.marker, names.clock], arguments: [name, ValkeyKey(String(believed?.milliseconds ?? 0))], isRepeatable: true)
        let answer = UnixTime(milliseconds: Int64(try await client.integer(call)))
        lastTime.withLock { last in
            if last.map({ $0.time < answer }) ?? true { last = (answer, .now) }
        }
        return answer
    }

    public func survey() async throws(StoreError) -> [Partition: RevocationHead] {
        let parts = try await shards()
        var heads: [Partition: RevocationHead] = [:]
        var failure: StoreError?
        await withTaskGroup(of: Result<[Partition: RevocationHead], StoreError>.self) { group in
            for shard in parts { group.addTask { await self.survey(shard) } }
            for await part in group {
                switch part {
                case .success(let found): heads.merge(found) { $1 }
                case .failure(let error): failure = error == .foreign ? error : failure ?? error
                }
            }
        }
        if let failure, heads.isEmpty || failure == .foreign { throw failure }
        return heads
    }

    /// What one server says of its partitions: those that are on their way to another one are asked for there.
    private func survey(_ shard: Shard) async -> Result<[Partition: RevocationHead], StoreError> {
        let questions = shard.partitions.flatMap { self.questions(of: $0) }
        let replies = await shard.execute([INFO(sections: ["server", "replication"])] + questions)
        do throws(StoreError) {
            let facts = try ServerFacts(replies[0])
            guard facts.isPrimary else {
                // Somebody else was promoted, and the connection to the server that was the primary stands: the name is resolved anew.
                (client as? ValkeyClient)?.reconnect()
                throw .unavailable("the server is a replica: what it says may be old")
            }
            var heads: [Partition: RevocationHead] = [:]
            for (index, partition) in shard.partitions.enumerated() {
                var answers = Array(replies[(2 * index + 1)...(2 * index + 2)])
                if answers.contains(where: { if case .failure = $0 { true } else { false } }) {
                    answers = await client.execute(Array(questions[(2 * index)...(2 * index + 1)]))
                }
                // One that cannot be read now is left out; one of another store is worth no answer at all.
                guard case .success = answers[0], case .success = answers[1] else { continue }
                guard try answers[0].bytes() == name else { throw .foreign }
                let number = try answers[1].number() ?? 0
                heads[partition] = RevocationHead(number: number, history: facts.history)
            }
            return .success(heads)
        } catch { return .failure(error) }
    }

    private func questions(of partition: Partition) -> [any ValkeyCommand] {
        let names = Names(partition)
        return [GET(names.marker), ValkeyRawCommand(["HGET", names.heads, "r"], keys: [names.heads], isReadOnly: true)]
    }

    public func bells() -> AsyncStream<Partition> {
        // More than the partitions that ring at once are never waited for: a bell says which, not how often. Whatever rang before the
        // subscription was confirmed was not heard, so each partition rings then.
        bells(atMost: 2 * (partitionCount + 1), on: partitions, of: \.revocations) { partition, _ in partition }
    }
}

extension Result where Success == RESPToken, Failure == ValkeyClientError {
    /// A string, or nil for nothing.
    func bytes() throws(StoreError) -> ValkeyKey? {
        do throws(ValkeyClientError) {
            let token = try get()
            do throws(RESPDecodeError) { return try token.decode(as: ValkeyKey?.self) } catch {
                throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
            }
        } catch { throw StoreError(reading: error) }
    }
}
