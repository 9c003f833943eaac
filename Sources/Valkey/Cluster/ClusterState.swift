/// What a client knows of a cluster: a value that asks nobody.
struct ClusterState {
    /// One node's account of the cluster.
    struct View: Equatable {
        let map: SlotMap
        /// The node sees a majority of the primaries and all slots served.
        let isHealthy: Bool
    }

    /// The nodes that the operator named; always worth asking.
    let seeds: [ValkeyServerAddress]
    private(set) var map = SlotMap()

    init(seeds: [ValkeyServerAddress]) { self.seeds = seeds }

    /// Nodes to ask for a newer map.
    ///
    /// - Parameters:
    ///   - most: as many as this.
    ///   - start: a number drawn by the caller, so that not all clients ask the same nodes.
    func candidates(most: Int, start: Int) -> [ValkeyServerAddress] {
        let known = Set(seeds).union(map.nodes).sorted { ($0.host, $0.port) < ($1.host, $1.port) }
        guard !known.isEmpty else { return [] }
        return (0..<min(most, known.count)).map { known[(start + $0) % known.count] }
    }

    /// Accounts arrived.
    ///
    /// The latest configuration of a node that sees a majority wins. One that is older than what is known counts only if most of those asked tell
    /// it, as after a cluster was built anew: a node that was cut off must not lead back.
    ///
    /// - Parameter asked: how many nodes were asked.
    mutating func adopt(_ views: [View], asked: Int) {
        let healthy = views.filter(\.isHealthy)
        guard let best = (healthy.isEmpty ? views : healthy).max(by: { Self.rank($0) < Self.rank($1) }) else { return }
        guard best.map.covered > 0, best.map.epoch >= map.epoch || views.count * 2 > asked else { return }
        map = best.map
    }

    private static func rank(_ view: View) -> (UInt64, Int) { (view.map.epoch, view.map.covered) }

    /// A server said where a slot has gone.
    mutating func moved(_ slot: Int, to address: ValkeyServerAddress) { map.assign(slot...slot, to: address) }

    /// Whether connections to the node are still of use.
    func needs(_ node: ValkeyServerAddress) -> Bool { map.nodes.contains(node) || seeds.contains(node) }

    /// The slot that all keys of commands share.
    ///
    /// - Throws: where they do not.
    static func slot(of commands: [any ValkeyCommand]) throws(ValkeyClientError) -> HashSlot? {
        let slots = Set(commands.flatMap(\.keysAffected).map(HashSlot.init(key:)))
        guard slots.count <= 1 else {
            throw ValkeyClientError(.clusterError, execution: .notExecuted, message: "The keys live in different slots; give them one hash tag.")
        }
        return slots.first
    }

    /// Commands that travel together, by their indices, each group with its slot.
    ///
    /// - Throws: where one command has keys of several slots, or one has none while the others are of several.
    static func groups(_ commands: [any ValkeyCommand]) throws(ValkeyClientError) -> [(slot: HashSlot?, indices: [Int])] {
        var order: [HashSlot?] = []
        var groups: [HashSlot?: [Int]] = [:]
        for (index, command) in commands.enumerated() {
            let slot = try slot(of: [command])
            if groups[slot] == nil { order.append(slot) }
            groups[slot, default: []].append(index)
        }
        guard groups[nil] != nil, order.count > 1 else { return order.map { ($0, groups[$0] ?? []) } }
        guard order.count == 2, let slot = order.compactMap(\.self).first else {
            throw ValkeyClientError(
                .clusterError, execution: .notExecuted, message: "A command without keys stands among commands of different slots.")
        }
        return [(slot, Array(commands.indices))]
    }
}
