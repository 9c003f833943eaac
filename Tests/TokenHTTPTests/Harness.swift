import Logging
import ServiceLifecycle
import Synchronization
import TokenCore
import TokenEngine
import TokenHTTP
import TokenSealing

/// A server with its engine in this process, on free ports of the loopback interface, for as long as `body` runs.
struct Harness: Sendable {
    let engine: TokenEngine
    let server: TokenServer
    let clock: ManualClock
    let keys: KeyKeeper
    let pools: TokenPools
    let ports: TokenServer.Ports
    /// Begins a graceful shutdown.
    let stop: @Sendable () async -> Void

    static let issuer = "https://mint.example"
    static let adminToken = "0123456789abcdefghijklmnopqrstuv"

    @discardableResult
    static func run<Value: Sendable>(
        policy: SessionPolicy = SessionPolicy(), algorithm: String = "ES256", store: any TokenEngine.Store = InMemoryStore(),
        signers: (any SignerSource)? = nil, leases: any LeasePool = InMemoryLeasePool(), pool: PoolPolicy = PoolPolicy(keepAliveLimit: .seconds(300)),
        upstreams: Upstreams? = nil,
        configure: (inout TokenServer.Configuration) -> Void = { _ in },
        _ body: @Sendable @escaping (Harness) async throws -> Value
    ) async throws -> Value {
        let clock = ManualClock()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let seals = SealKeys.generate()
        let keys = KeyKeeper(store: store, seals: seals, policy: KeyPolicy(algorithm: algorithm), clock: clock, logger: logger)
        try await keys.start()
        let engine = TokenEngine(
            configuration: .init(issuer: issuer, audience: "api.example", policy: policy), store: store, seals: seals,
            signers: signers ?? keys, clock: clock, logger: logger)
        try await engine.start()
        await engine.follow(keys)
        let pools = try await TokenPools.open(leases, records: store, seals: seals, usual: pool, clock: clock, logger: logger)
        var configuration = TokenServer.Configuration(
            address: .init(host: "127.0.0.1", port: 0), admin: .init(host: "127.0.0.1", port: 0), adminToken: Secret(Array(adminToken.utf8)), loops: 2
        )
        configure(&configuration)
        let (ports, promise) = AsyncStream.makeStream(of: TokenServer.Ports.self)
        let keeper = upstreams.map { UpstreamKeeper(of: $0, clock: clock.now, logger: logger) { try await engine.record($0) } }
        let place = upstreams.flatMap { upstreams in keeper.map { UpstreamPlace(upstreams, keeper: $0) } }
        let server = try TokenServer(
            configuration: configuration, engine: engine, keys: keys, pools: pools, upstreams: place, logger: logger
        ) { promise.yield($0) }
        let kept: [any Service] = keeper.map { [$0] } ?? []
        let services = ServiceGroup(configuration: .init(services: (kept + [server]).map { .init(service: $0) }, logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { promise.finish() }
                try await services.run()
            }
            var opened: TokenServer.Ports?
            for await found in ports {
                opened = found
                break
            }
            guard let opened else {
                try await tasks.waitForAll()
                throw HarnessError.serverEnded
            }
            let harness = Harness(engine: engine, server: server, clock: clock, keys: keys, pools: pools, ports: opened) {
                await services.triggerGracefulShutdown()
            }
            let result: Result<Value, any Error>
            do { result = .success(try await body(harness)) } catch { result = .failure(error) }
            await services.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    /// What the engine's keepers do at the end of each pause, done now.
    func keep() async throws {
        for keeper in engine.keepers {
            let work = Task { try await keeper.run() }
            work.cancel()
            try await work.value
        }
    }

    enum HarnessError: Error { case serverEnded, noAnswer(String) }
}

/// A clock that moves when told.
final class ManualClock: WallClock {
    private let time = Atomic<Int64>(1_800_000_000_000)

    func now() -> UnixTime { UnixTime(milliseconds: time.load(ordering: .relaxed)) }
    var isBehind: Bool { false }

    func advance(by duration: Duration) { time.add(duration.wholeMilliseconds, ordering: .relaxed) }
}
