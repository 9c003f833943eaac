import Logging
import Testing
import Valkey
import ValkeyServer
import ValkeyStore

/// The kinds of server that a store is tested on.
enum Shape: String, CaseIterable, Sendable {
    /// Redis 7.0, one server.
    case redis
    /// Valkey 8, one server.
    case valkey
    /// Valkey 8, three primaries with a replica each.
    case cluster

    /// Starts servers for as long as the body runs.
    func run<Value>(_ body: (Place) async throws -> Value) async throws -> Value {
        switch self {
        case .redis: try await ValkeyServer.run(.redis) { try await body(Place(servers: [$0], isCluster: false)) }
        case .valkey: try await ValkeyServer.run(.valkey) { try await body(Place(servers: [$0], isCluster: false)) }
        case .cluster: try await ValkeyCluster.run { try await body(Place(servers: $0.servers, isCluster: true)) }
        }
    }
}

/// Running servers.
struct Place: Sendable {
    let servers: [ValkeyServer]
    let isCluster: Bool

    /// What `store.url` would say.
    var url: String {
        isCluster ? "valkey://\(servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ","))" : "valkey://127.0.0.1:\(servers[0].port)"
    }

    func client(_ url: String? = nil) throws -> any ValkeyClientProtocol {
        try ValkeyURL(url ?? self.url).makeClient(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A store in which there is nothing.
    func emptyStore(_ configuration: ValkeyStore.Configuration = .init(partitions: 4)) async throws -> ValkeyStore {
        for server in isCluster ? Array(servers[..<3]) : servers { try ValkeyCluster.ask(server, "FLUSHALL") }
        return try await store(configuration)
    }

    /// The store that is there, or a new one.
    func store(_ configuration: ValkeyStore.Configuration = .init(partitions: 4)) async throws -> ValkeyStore {
        try await ValkeyStore.open(try client(), configuration)
    }
}
