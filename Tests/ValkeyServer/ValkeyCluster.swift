import Foundation

/// Three primaries with a replica each, the slots in equal parts: the first three servers are the primaries, and server n + 3 follows server n.
public struct ValkeyCluster: Sendable {
    public let servers: [ValkeyServer]

    /// Starts one for as long as the body runs, when no other one runs: six servers that find one another take time from everybody.
    public static func run<Value>(_ body: (ValkeyCluster) async throws -> Value) async throws -> Value {
        await turns.take()
        defer { turns.giveBack() }
        let settings = ["--cluster-enabled", "yes", "--cluster-replica-validity-factor", "0", "--appendonly", "no"]
        let cluster = ValkeyCluster(servers: try (0..<6).map { _ in try ValkeyServer.make(.valkey, settings) })
        defer { for server in cluster.servers { server.remove() } }
        try cluster.introduce()
        for server in cluster.servers { try await server.start() }
        try await cluster.formed()
        return try await body(cluster)
    }

    private static let turns = Turns()

    /// Writes for each server what it would know after it had met the others, so that none waits for a word which a busy machine loses.
    private func introduce() throws {
        let names = servers.map { _ in String((0..<40).map { _ in "0123456789abcdef".randomElement() ?? "0" }) }
        let bounds = [0, 5461, 10923, 16384]
        for (index, server) in servers.enumerated() {
            let lines = servers.indices.map { other in
                let port = servers[other].port, me = other == index ? "myself," : ""
                let place = "\(names[other]) 127.0.0.1:\(port)@\(port + 10_000) \(me)"
                // Epochs of their own, so that nobody has to find out.
                return other < 3
                    ? "\(place)master - 0 0 \(other + 1) connected \(bounds[other])-\(bounds[other + 1] - 1)"
                    : "\(place)slave \(names[other - 3]) 0 0 \(other - 2) connected"
            }
            let text = (lines + ["vars currentEpoch 3 lastVoteEpoch 0", ""]).joined(separator: "\n")
            try Data(text.utf8).write(to: server.folder.appending(path: "nodes.conf"))
        }
    }

    private func formed() async throws {
        try await everyone { server in
            let nodes = try Self.ask(server, "CLUSTER NODES").split(whereSeparator: \.isNewline)
            return try Self.ask(server, "CLUSTER INFO").contains("cluster_state:ok") && nodes.count { $0.contains(" connected") } == 6
        }
        for server in servers[3...] {
            try await eventually("the replica follows; its log says: \(server.log)") {
                try Self.ask(server, "INFO replication").contains("master_link_status:up") ? true : nil
            }
        }
    }

    private func everyone(_ condition: (ValkeyServer) throws -> Bool) async throws {
        try await eventually("the cluster; one says: \(servers[0].log)") { try servers.allSatisfy(condition) ? true : nil }
    }

    /// Lets replicas take over from a primary that is silent for a second while the body runs, instead of after the server's own 15 seconds.
    ///
    /// The rest of the time a server that waits for a processor is not taken to be dead.
    public static func withQuickFailover<Value>(
        _ servers: [ValkeyServer], isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        for server in servers { try ask(server, "CONFIG SET cluster-node-timeout 1000") }
        // The ones that the body ends and does not start again are past asking.
        defer { for server in servers { _ = try? ask(server, "CONFIG SET cluster-node-timeout 15000") } }
        return try await body()
    }

    /// The name that the cluster knows a server by.
    public func id(of server: ValkeyServer) throws -> String {
        String(try Self.ask(server, "CLUSTER MYID").split(whereSeparator: \.isNewline).last ?? "")
    }

    /// Sends one line on a connection of its own, without the client under test.
    ///
    /// - Returns: what came, as it came.
    @discardableResult
    public static func ask(_ server: ValkeyServer, _ line: String) throws -> String {
        try Line.exchange(port: server.port, line)
    }
}
