import Logging
import NIOSSL
import ServiceLifecycle
import TokenClient
import TokenCore
import TokenEngine
import TokenHTTP
import TokenSealing
import Valkey
import ValkeyStore

extension Serve {
    /// How long another instance's rotation may go unnoticed here.
    private static let lookAtKeys = Duration.milliseconds(500)
    /// How long a request waits for the store: a caller, or the load balancer before it, has something better to do than to wait for a failover.
    private static let patience = Duration.seconds(2)

    /// Serves from a store that other instances share.
    func serve(_ shared: Settings.SharedStore, _ folder: DataFolder) async throws {
        let seals = try folder.sharedSeals()
        try folder.make()
        let metrics = ServeMetrics()
        let client = try client(of: shared)
        do {
            let store = try await open(client, shared, observer: metrics)
            let parts = try await parts(store, seals, metrics)
            announce(store, shared)
            try await serve(parts, folder)
        } catch {
            client.shutdown()
            throw error
        }
    }

    private func client(of shared: Settings.SharedStore) throws(CommandFailure) -> any ValkeyClientProtocol {
        var certificates = TLSConfiguration.makeClientConfiguration()
        if let file = shared.authorityFile { certificates.trustRoots = .file(file) }
        do {
            return try shared.url.makeClient(
                configuration: .init(commandTimeout: Self.patience, clientName: "mintmark"), certificates: certificates, logger: logger)
        } catch {
            throw CommandFailure(.configuration, "\(Keys.storeAuthority.name): the certificates cannot be read: \(error)")
        }
    }

    private func open(
        _ client: any ValkeyClientProtocol, _ shared: Settings.SharedStore, observer: ServeMetrics
    ) async throws(CommandFailure) -> ValkeyStore {
        do {
            return try await ValkeyStore.open(
                client,
                .init(
                    partitions: shared.partitions, isMadeWhenEmpty: shared.isMadeWhenEmpty, acknowledge: shared.acknowledge,
                    keepsEvents: !settings.sinks.isEmpty, observer: observer))
        } catch {
            let status: CommandStatus = if case .corrupt = error { .configuration } else { error.commandStatus }
            throw CommandFailure(status, "the store at \(shared.url.addresses.map(\.description).joined(separator: ", ")): \(error.explanation)")
        }
    }

    private func parts(_ store: ValkeyStore, _ seals: SealKeys, _ metrics: ServeMetrics) async throws -> Parts {
        let clock = StoreClock(of: store, leeway: settings.clockLeeway, logger: logger)
        // An instance that writes events nowhere must not be the one that takes them out of the store.
        let works = LeaseRecord.Work.allCases.filter { $0 != .events || !settings.sinks.isEmpty }
        let leadership = Leadership(of: store, works: works, clock: clock, logger: logger)
        let keys = KeyKeeper(
            store: store, seals: seals, policy: settings.keyPolicy, clock: clock, logger: logger, pause: Self.lookAtKeys, leadership: leadership)
        try await reading { () throws(StoreError) in
            try await clock.start()
            try await leadership.start()
        }
        try await start(keys)
        let engine = TokenEngine(
            configuration: settings.engine(remembering: keys.snapshot.ring.longestAccessLifetime(now: clock.now())),
            store: store, seals: seals, signers: keys, clock: clock, logger: logger)
        await engine.follow(keys)
        let follower = engine.follower(of: store, keys: keys, maxStaleness: settings.auth.maxStaleness)
        try await reading { () throws(StoreError) in try await follower.start() }
        let relay = EventRelay(from: store, to: settings.sinks, retention: settings.retention, clock: clock, logger: logger) {
            leadership.leads(.events)
        }
        metrics.watch(
            .init(keys: keys, relay: relay, clock: clock, shared: .init(follower: follower, clock: clock, leadership: leadership, works: works)))
        let urgent: [any Service] = [clock, leadership, follower]
        return Parts(
            engine: engine, keys: keys, relay: relay, pools: try await openPools(store, records: store, seals, clock),
            vault: UpstreamVault(vault: RecordVault(store, seals: seals), isShared: true, logger: logger),
            sharing: .init(follower: follower, maxStaleness: settings.auth.maxStaleness, deniesWhenStale: settings.auth.whenStale == .deny),
            foundation: [Connections(store: store)] + urgent.map { Urgent(service: $0) }, keepers: engine.keepers { leadership.leads(.housekeeping) },
            metrics: metrics)
    }

    private func reading(_ body: () async throws(StoreError) -> Void) async throws(CommandFailure) {
        do { try await body() } catch { throw CommandFailure(error.commandStatus, "the store cannot be read: \(error.explanation)") }
    }

    /// Says what a 200 means, and what whoever runs the servers should know.
    private func announce(_ store: ValkeyStore, _ shared: Settings.SharedStore) {
        let place = shared.url.addresses.map(\.description).joined(separator: ",")
        logger.notice("what a 200 means", metadata: ["durability": "\(shared.acknowledge.meaning)", "store": "\(place)"])
        for note in store.notes {
            logger.log(level: note == .isNew ? .notice : .warning, "of the store's servers", metadata: ["note": "\(note)"])
        }
    }
}

/// The connections to the store: kept until everything else has ended.
private struct Connections: Service, CustomStringConvertible {
    let store: ValkeyStore

    /// For the log of the service group.
    var description: String { "connections to the store" }

    func run() async throws { await cancelWhenGracefulShutdown { await store.run() } }
}

/// Work that must not wait behind requests, however many there are: what revokes, what tells the time, who leads.
private struct Urgent: Service, CustomStringConvertible {
    let service: any Service

    /// For the log of the service group.
    var description: String { "\(service)" }

    func run() async throws {
        let task = Task(priority: .high) { try await service.run() }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

extension Acknowledge {
    /// The sentence that a start says.
    fileprivate var meaning: String {
        switch self {
        case .memory: "in the primary's memory: it survives every end of ours, and no end of the primary's"
        case .replicated(let replicas, _):
            "in the memory of the primary and of \(replicas) of its replicas: it survives a failover to one of those"
        case .fsynced(0, _): "in the primary's append-only file: it survives a kill and a power loss, and no failover"
        case .fsynced(let replicas, _):
            "in the append-only files of the primary and of \(replicas) of its replicas: it survives a power loss, and a failover to one of those"
        }
    }
}
