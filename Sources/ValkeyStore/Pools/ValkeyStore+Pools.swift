import NIOCore
public import TokenCore
import Valkey

extension ValkeyStore: LeasePool {
    /// Runs the verb as one script in the slot of the pool, and waits for what the store's durability asks for.
    public func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        let call = PoolCall(verb, in: pool, now: now, seed: seed, partitions: partitionCount, name: name, configuration: configuration)
        let script = scripts.pools[keyPath: call.script]
        let parts = try await acknowledged(script(keys: call.keys, arguments: call.arguments), as: [RESPToken].self, is: { _ in true })
        return try PoolAnswer(parts).reply()
    }

    public func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] {
        var found: [PoolName] = []
        for shard in try await shards() {
            let questions = shard.partitions.flatMap { partition -> [any ValkeyCommand] in
                let names = Names(partition)
                let from = after.map { "(" + $0.text } ?? "-"
                let words = ["ZRANGE", names.pools, ValkeyKey(from), "+", "BYLEX", "LIMIT", "0", ValkeyKey(String(limit))]
                return [GET(names.marker), ValkeyRawCommand(words, keys: [names.pools], isReadOnly: true)]
            }
            let replies = await shard.execute(questions)
            for (index, partition) in shard.partitions.enumerated() where partition != .control {
                guard try replies[2 * index].bytes() == name else { throw .foreign }
                // Names of parts come after all others.
                for text in try replies[2 * index + 1].texts() where !text.hasPrefix("~") {
                    guard let pool = PoolName(text) else { throw .corrupt("a pool of no name that can be") }
                    found.append(pool)
                }
            }
        }
        return Array(found.sorted().prefix(limit))
    }

    public func poolBells() -> AsyncStream<PoolBell> {
        // More bells than these wait only where nobody has listened for long, and then every second somebody looks.
        bells(atMost: 4_096, on: partitions.filter { $0 != .control }, of: \.pools) { _, message in
            message.flatMap { PoolBell(message: String(buffer: $0)) }
        }
    }
}

extension PoolBell {
    /// What a script said: the number of the first place, a space, the pool. Nil when it is none of ours.
    init?(message: String) {
        let words = message.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let number = UInt64(words[0]), let pool = PoolName(String(words[1])) else { return nil }
        self.init(pool, first: number == 0 ? nil : number)
    }
}

extension Result where Success == RESPToken, Failure == ValkeyClientError {
    /// A list of texts.
    fileprivate func texts() throws(StoreError) -> [String] {
        do throws(ValkeyClientError) {
            let token = try get()
            do throws(RESPDecodeError) { return try token.decode() } catch {
                throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
            }
        } catch { throw StoreError(reading: error) }
    }
}
