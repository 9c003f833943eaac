import Logging
import SQLiteStore
import ServiceLifecycle
import TokenClient
import TokenCore
import TokenEngine
import TokenSealing

extension Serve {
    /// Serves from the embedded store.
    func serveEmbedded(_ folder: DataFolder) async throws {
        let metrics = ServeMetrics()
        // The store holds the folder's lock, so that nobody else makes a seal or a credential meanwhile.
        let store = try open(folder, observer: metrics)
        do {
            let seals = try folder.seals(holdsData: try await holdsData(store))
            let parts = try await parts(store, seals, startClock(folder, store), metrics)
            logger.notice("a 200 means fsynced: it survives a kill and a power loss", metadata: ["store": "\(folder.path)"])
            try await serve(parts, folder)
        } catch {
            await store.close()
            throw error
        }
        // What the keepers flushed is committed; what was acknowledged was on disk before.
        await store.close()
    }

    private func open(_ folder: DataFolder, observer: ServeMetrics) throws(CommandFailure) -> SQLiteStore {
        do {
            return try SQLiteStore.open(.init(path: folder.path, keepsEvents: !settings.sinks.isEmpty, observer: observer))
        } catch {
            throw CommandFailure(error.commandStatus, "the store in \(folder.path) cannot be opened: \(error.explanation)")
        }
    }

    /// Whether a seal was ever used with the store: the first thing that a server writes is a sealed signing key.
    private func holdsData(_ store: SQLiteStore) async throws(CommandFailure) -> Bool {
        do { return try await store.load(KeyRing.self, id: (), now: .epoch) != nil } catch {
            throw CommandFailure(error.commandStatus, "the store cannot be read: \(error.explanation)")
        }
    }

    private func parts(_ store: SQLiteStore, _ seals: SealKeys, _ clock: SystemClock, _ metrics: ServeMetrics) async throws -> Parts {
        let keys = KeyKeeper(store: store, seals: seals, policy: settings.keyPolicy, clock: clock, logger: logger)
        try await start(keys)
        let engine = TokenEngine(
            configuration: settings.engine(remembering: keys.snapshot.ring.longestAccessLifetime(now: clock.now())),
            store: store, seals: seals, signers: keys, clock: clock, logger: logger)
        await engine.follow(keys)
        do throws(StoreError) { try await engine.start() } catch {
            throw CommandFailure(error.commandStatus, "the store cannot be read: \(error.explanation)")
        }
        let relay = EventRelay(from: store, to: settings.sinks, retention: settings.retention, clock: clock, logger: logger)
        metrics.watch(.init(keys: keys, relay: relay, clock: clock, embedded: store))
        return Parts(
            engine: engine, keys: keys, relay: relay, pools: try await openPools(store, records: store, seals, clock),
            vault: UpstreamVault(vault: RecordVault(store, seals: seals), isShared: false, logger: logger), sharing: nil, foundation: [],
            keepers: engine.keepers, metrics: metrics)
    }

    /// The clock, which does not begin before the store was last written, nor before what the store has forgotten: a revocation removed by a clock
    /// that was ahead would be missing before that time. Behind it, tokens are still checked as of then, and nothing is issued, ended or rotated.
    private func startClock(_ folder: DataFolder, _ store: SQLiteStore) -> SystemClock {
        let floor = max(folder.lastWritten, store.forgottenUpTo)
        let clock = settings.clock(floor: floor)
        if clock.isBehind {
            logger.error(
                """
                the system's clock stands before what the store has seen; nothing is issued or changed until it has caught up. Set the clock, or, \
                if it is right, stop the server and end every session: mintmark backup FILE, mintmark restore FILE
                """, metadata: ["until": "\(floor.rfc3339)"])
        }
        return clock
    }
}
