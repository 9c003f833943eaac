import NIOCore
import TokenCore
import Valkey

extension ValkeyStore {
    /// Rings with what messages on a channel of each partition say, until the stream is let go.
    ///
    /// - Parameters:
    ///   - most: how many bells may wait to be heard; beyond that the oldest are lost.
    ///   - bell: of a message; of nil when the subscription to a partition's channel was confirmed, also after it had broken off. Nil: no bell.
    func bells<Bell: Sendable>(
        atMost most: Int, on partitions: [Partition], of channel: @escaping @Sendable (Names) -> ValkeyKey,
        bell: @escaping @Sendable (Partition, ByteBuffer?) -> Bell?
    ) -> AsyncStream<Bell> {
        AsyncStream(bufferingPolicy: .bufferingNewest(most)) { continuation in
            let task = Task {
                await listen(on: partitions, to: channel) { partition, message in
                    if let bell = bell(partition, message) { continuation.yield(bell) }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Listens until the task is cancelled, to each server by itself: one that is away silences no other.
    private func listen(
        on partitions: [Partition], to channel: @escaping @Sendable (Names) -> ValkeyKey, _ ring: @escaping @Sendable (Partition, ByteBuffer?) -> Void
    ) async {
        var parts: [Shard]?
        while parts == nil, !Task.isCancelled {
            parts = try? await Self.shards(of: partitions, client)
            if parts == nil { try? await Task.sleep(for: .milliseconds(500)) }
        }
        await withDiscardingTaskGroup { group in
            for part in parts ?? [] {
                let channels = Dictionary(uniqueKeysWithValues: part.partitions.map { (channel(Names($0)).description, $0) })
                group.addTask { await self.listen(to: channels, ring) }
            }
        }
    }

    /// A bell that is missed costs the pause between two looks at the truth, no more. Where a slot is on its way to another server, or a server was
    /// lost, the subscription breaks off and is made again wherever its channels are then.
    private func listen(to channels: [String: Partition], _ ring: @escaping @Sendable (Partition, ByteBuffer?) -> Void) async {
        while !Task.isCancelled {
            do {
                try await client.ssubscribe(to: Array(channels.keys)) { messages in
                    for partition in channels.values { ring(partition, nil) }
                    for try await message in messages { if let partition = channels[message.channel] { ring(partition, message.message) } }
                }
            } catch let error as ValkeyClientError where error.errorCode == .clientIsShutDown {
                return
            } catch {}
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 100...500)))
        }
    }
}
