import NIOCore

/// Asks nodes for their account of the cluster.
struct ClusterSurvey {
    let nodes: [ValkeyNode]
    let isEncrypted: Bool
    /// For all of them together.
    let timeout: Duration

    /// The accounts of those that answered. When more than half have, the others are given up.
    func views() async -> [ClusterState.View] {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        return await withTaskGroup(of: ClusterState.View?.self) { group in
            for node in nodes { group.addTask { try? await view(of: node, deadline) } }
            var views: [ClusterState.View] = []
            for await view in group {
                if let view { views.append(view) }
                if views.count * 2 > nodes.count { group.cancelAll() }
            }
            return views
        }
    }

    private func view(of node: ValkeyNode, _ deadline: NIODeadline) async throws -> ClusterState.View {
        let replies = try await send([CLUSTER.SHARDS(), CLUSTER.INFO()], to: node, deadline)
        let info = Self.facts(try String(replies[1]))
        // A server before 7.0 knows CLUSTER SLOTS alone.
        var map =
            if replies[0].errorString == nil {
                try SlotMap(shards: replies[0], asked: node.address, isEncrypted: isEncrypted)
            } else {
                try SlotMap(slots: try await send([CLUSTER.SLOTS()], to: node, deadline)[0], asked: node.address)
            }
        map.epoch = info["cluster_current_epoch"].flatMap { UInt64($0) } ?? 0
        return ClusterState.View(map: map, isHealthy: info["cluster_state"] == "ok")
    }

    private func send(_ commands: [any ValkeyCommand], to node: ValkeyNode, _ deadline: NIODeadline) async throws -> [RESPToken] {
        try await node.send(CommandRun(commands).parcel(asking: false), deadline: deadline).get()
    }

    /// The lines of an INFO text.
    static func facts(_ text: String) -> [Substring: Substring] {
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (Substring, Substring)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
