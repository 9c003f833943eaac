import Foundation

/// Three primaries with a replica each, the slots in equal parts: the first three servers are the primaries, and server n + 3 follows server n.
public struct ValkeyCluster: Sendable {
    public let servers: [ValkeyServer]

    /// Starts one for as long as the body runs, when no other one runs: six servers that find one another take time from everybody.
    public static func run<Value>(_ body: (ValkeyCluster) async throws -> Value) async throws -> Value {
        await turns.take()
        defer { turns.giveBack() }
        let settings = ["--cluster-enabled", "yes", "--cluster-replica-validity-factor", "0", "--appendonly", "no"]
        let servers = try (0..<6).map { _ in try ValkeyServer.make(.valkey, settings) }
        defer { for server in servers { server.remove() } }
        for server in servers { try await server.start() }
        let cluster = ValkeyCluster(servers: servers)
        try await cluster.form()
        return try await body(cluster)
    }

    private static let turns = Turns()

    private func form() async throws {
        let bounds = [0, 5461, 10923, 16384]
        for (index, server) in servers.enumerated() {
            // Epochs of their own, so that nobody has to find out.
            try Self.ask(server, "CLUSTER SET-CONFIG-EPOCH \(index + 1)")
            if index < 3 { try Self.ask(server, "CLUSTER ADDSLOTSRANGE \(bounds[index]) \(bounds[index + 1] - 1)") }
            if index > 0 { try Self.ask(servers[0], "CLUSTER MEET 127.0.0.1 \(server.port)") }
        }
        try await everyone { try Self.ask($0, "CLUSTER INFO").contains("cluster_known_nodes:6") }
        for index in 0..<3 {
            let primary = try id(of: servers[index])
            try await eventually("the primary is known") {
                try Self.ask(servers[index + 3], "CLUSTER REPLICATE \(primary)").contains("+OK") ? true : nil
            }
        }
        try await everyone { server in
            let nodes = try Self.ask(server, "CLUSTER NODES")
            return try Self.ask(server, "CLUSTER INFO").contains("cluster_state:ok")
                && nodes.split(whereSeparator: \.isNewline).count { $0.contains("slave") } == 3
        }
        for server in servers[3...] {
            try await eventually("the replica follows") {
                try Self.ask(server, "INFO replication").contains("master_link_status:up") ? true : nil
            }
        }
    }

    private func everyone(_ condition: (ValkeyServer) throws -> Bool) async throws {
        try await eventually("the cluster") { try servers.allSatisfy(condition) ? true : nil }
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
