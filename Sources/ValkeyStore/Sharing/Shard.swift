import TokenCore
import Valkey

/// A server and the partitions that it holds now: questions about all of those travel together.
struct Shard: Sendable {
    let partitions: [Partition]
    private let client: any ValkeyClientProtocol
    /// Nil: there is one server.
    private let address: ValkeyServerAddress?

    init(partitions: [Partition], client: any ValkeyClientProtocol, address: ValkeyServerAddress? = nil) {
        self.partitions = partitions
        self.client = client
        self.address = address
    }

    /// Sends commands together to the server. In a cluster a slot may have moved meanwhile; that is an error of this call alone.
    func execute(_ commands: [any ValkeyCommand]) async -> [Result<RESPToken, ValkeyClientError>] {
        guard let cluster = client as? ValkeyClusterClient, let address else { return await client.execute(commands) }
        let replies = await cluster.execute(commands, on: address)
        if replies.contains(where: { if case .failure = $0 { true } else { false } }) { await cluster.refresh() }
        return replies
    }
}

extension ValkeyStore {
    /// The servers with their partitions.
    func shards() async throws(StoreError) -> [Shard] { try await Self.shards(of: partitions, client) }

    static func shards(of partitions: [Partition], _ client: any ValkeyClientProtocol) async throws(StoreError) -> [Shard] {
        guard let cluster = client as? ValkeyClusterClient else { return [Shard(partitions: partitions, client: client)] }
        var places: [ValkeyServerAddress: [Partition]] = [:]
        do throws(ValkeyClientError) {
            for partition in partitions { places[try await cluster.primary(for: Names(partition).marker), default: []].append(partition) }
        } catch { throw StoreError(reading: error) }
        return places.map { Shard(partitions: $0.value, client: client, address: $0.key) }
    }
}
