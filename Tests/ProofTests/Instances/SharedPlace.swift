import Testing
import ValkeyServer

/// Real servers that hold one store, for as long as a body runs.
struct SharedPlace: Sendable {
    /// The kinds of place that every guarantee holds in.
    enum Shape: String, CaseIterable, Sendable {
        /// One server.
        case single
        /// Three primaries with a replica each.
        case cluster
    }

    /// The one server, a primary and its replica, or the six of a cluster, primaries first.
    let servers: [ValkeyServer]
    let isCluster: Bool

    /// The server that instances are told of, where there is no cluster.
    var primary: ValkeyServer { servers[0] }

    /// What `store.url` says.
    var url: String {
        isCluster ? "valkey://" + servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") : Self.url(port: primary.port)
    }

    static func url(port: Int) -> String { "valkey://127.0.0.1:\(port)" }

    /// Starts the servers of a shape.
    static func use<Value>(_ shape: Shape, _ body: (SharedPlace) async throws -> Value) async throws -> Value {
        switch shape {
        case .single: try await ValkeyServer.run { try await body(SharedPlace(servers: [$0], isCluster: false)) }
        case .cluster: try await ValkeyCluster.run { try await body(SharedPlace(servers: $0.servers, isCluster: true)) }
        }
    }

    /// Starts a primary and a replica that follows it, both outside a cluster.
    static func usePair<Value>(replicaThrough: [String] = [], _ body: (SharedPlace) async throws -> Value) async throws -> Value {
        try await ValkeyServer.runWithReplica(through: replicaThrough) { primary, replica in
            try await body(SharedPlace(servers: [primary, replica], isCluster: false))
        }
    }

    /// Forgets everything on every primary.
    func empty() throws {
        for server in isCluster ? Array(servers[..<3]) : [primary] { try ValkeyCluster.ask(server, "FLUSHALL") }
    }

    /// Kills the primary of a pair of a cluster, waits until its replica has taken over, and brings it back as the new one's replica.
    ///
    /// - Parameter meanwhile: runs when the replica has taken over.
    func failOver(pair: Int, _ meanwhile: () async throws -> Void) async throws {
        let both = [servers[pair], servers[pair + 3]]
        let primary = try #require(both.first { $0.isPrimary }), replica = try #require(both.first { !$0.isPrimary })
        try await ValkeyCluster.withQuickFailover(servers) {
            primary.kill()
            try await eventually("the replica to take over") { replica.isPrimary ? true : nil }
        }
        try await meanwhile()
        try await primary.start()
        try await eventually("the old primary to follow") {
            try primary.replication("master_link_status") == "up" && replica.replication("connected_slaves") == "1" ? true : nil
        }
    }
}
