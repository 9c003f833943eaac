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
        var heads: [Partition: RevocationHead] = [:]
        for shard in try await shards() {
            let questions: [any ValkeyCommand] = shard.partitions.flatMap { partition -> [any ValkeyCommand] in
                let names = Names(partition)
                return [GET(names.marker), ValkeyRawCommand(["HGET", names.heads, "r"], keys: [names.heads], isReadOnly: true)]
            }
            let replies = await shard.execute([INFO(sections: ["server", "replication"])] + questions)
            let history = try ServerFacts(replies[0]).history
            for (index, partition) in shard.partitions.enumerated() {
                guard try replies[2 * index + 1].bytes() == name else { throw .foreign }
                heads[partition] = RevocationHead(number: try replies[2 * index + 2].number() ?? 0, history: history)
            }
        }
        return heads
    }

    public func bells() -> AsyncStream<Partition> {
        // More than the partitions that ring at once are never waited for: a bell says which, not how often.
        AsyncStream(bufferingPolicy: .bufferingNewest(2 * (partitionCount + 1))) { continuation in
            let task = Task {
                await listen { continuation.yield($0) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Listens until the task is cancelled. A bell that is missed costs the pause between two looks at the heads, no more.
    private func listen(_ ring: @escaping @Sendable (Partition) -> Void) async {
        let channels = Dictionary(uniqueKeysWithValues: partitions.map { (Names($0).revocations.description, $0) })
        while !Task.isCancelled {
            do {
                try await client.ssubscribe(to: Array(channels.keys)) { messages in
                    // Whatever rang before the subscription was confirmed was not heard.
                    for partition in channels.values { ring(partition) }
                    for try await message in messages { if let partition = channels[message.channel] { ring(partition) } }
                }
            } catch let error as ValkeyClientError where error.errorCode == .clientIsShutDown {
                return
            } catch {}
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 100...500)))
        }
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
