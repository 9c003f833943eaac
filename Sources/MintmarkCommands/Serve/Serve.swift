import FoundationEssentials
import JOSE
import Logging
import SQLiteStore
import ServiceLifecycle
import TokenCore
import TokenEngine
import TokenHTTP
import TokenSealing
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Joins everything to a running server: the one place where the rooms meet.
struct Serve {
    let settings: Settings
    let logger: Logger

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Throws: `CommandFailure` with what to do when the installation is not as it must be.
    func run() async throws {
        try openEventsFile()
        let folder = DataFolder(settings)
        try folder.refuseLaxFiles()
        OpenFiles.raiseLimit(logger)
        let metrics = ServeMetrics()
        // The store holds the folder's lock, so that nobody else makes a seal or a credential meanwhile.
        let store = try open(folder, observer: metrics)
        do {
            let seals = try folder.seals(holdsData: try await holdsData(store))
            try await serve(folder, seals, store, metrics)
        } catch {
            await store.close()
            if let error = error as? CannotListen { throw CommandFailure(error) }
            throw error
        }
        // What the keepers flushed is committed; what was acknowledged was on disk before.
        await store.close()
        logger.notice("stopped")
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

    private func serve(_ folder: DataFolder, _ seals: SealKeys, _ store: SQLiteStore, _ metrics: ServeMetrics) async throws {
        let clock = startClock(folder, store)
        let keys = try await startKeys(store, seals, clock)
        let engine = TokenEngine(
            configuration: settings.engine(remembering: keys.snapshot.ring.longestAccessLifetime(now: clock.now())),
            store: store, seals: seals, signers: keys, clock: clock, logger: logger)
        await engine.follow(keys)
        do throws(StoreError) { try await engine.start() } catch {
            throw CommandFailure(error.commandStatus, "the store cannot be read: \(error.explanation)")
        }
        let relay = EventRelay(from: store, to: settings.sinks, retention: settings.retention, clock: clock, logger: logger)
        metrics.watch(.init(store: store, keys: keys, relay: relay, clock: clock))
        let server = try TokenServer(
            configuration: try settings.server(adminToken: try folder.adminToken()), engine: engine, keys: keys, metrics: [metrics], logger: logger
        ) { ports in announce(ports, folder) }
        logger.notice("a 200 means fsynced: it survives a kill and a power loss", metadata: ["store": "\(folder.path)"])
        let hangUp = HangUp(server: server, hasCertificate: settings.server.tls != nil, logger: logger)
        let services: [any Service] = [keys, relay] + engine.keepers + [hangUp, server]
        // Shut down in the reverse order: first the server finishes what is in flight, then the keepers flush.
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
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

    private func startKeys(_ store: SQLiteStore, _ seals: SealKeys, _ clock: SystemClock) async throws -> KeyKeeper {
        let keys = KeyKeeper(store: store, seals: seals, policy: settings.keyPolicy, clock: clock, logger: logger)
        do { try await keys.start() } catch {
            throw CommandFailure(error.commandStatus, "the signing keys cannot be opened: \(error)")
        }
        return keys
    }

    private func openEventsFile() throws(CommandFailure) {
        guard case .file(let path) = settings.events.sink else { return }
        do { try EventsFile.open(path) } catch {
            throw CommandFailure(.configuration, "\(Keys.eventsFile.name): \(path) \(error.reason).")
        }
    }

    /// Says where the server listens: for people in the log, for programs as one line of JSON on standard output.
    private func announce(_ ports: TokenServer.Ports, _ folder: DataFolder) {
        func address(_ listener: Settings.Listener, _ port: Int) -> String {
            "\(TokenServer.Configuration.Address(host: listener.host, port: port))"
        }
        let main = address(settings.server.listener, ports.main)
        let admin = address(settings.admin, ports.admin)
        logger.notice(
            "listening",
            metadata: ["public": "\(main)", "admin": "\(admin)", "credential": "\(folder.adminTokenFile)"])
        var json = JSONWriter()
        json.object { json in
            json.member("event", "listening")
            json.member("public", main)
            json.member("admin", admin)
            if let listener = settings.metrics, let port = ports.metrics { json.member("metrics", address(listener, port)) }
        }
        Surroundings.current.print(String(decoding: json.bytes, as: UTF8.self))
    }
}

/// Reads the certificate again on SIGHUP.
private struct HangUp: Service, CustomStringConvertible {
    let server: TokenServer
    let hasCertificate: Bool
    let logger: Logger

    /// For the log of the service group.
    var description: String { "reload on SIGHUP" }

    func run() async throws {
        await withGracefulShutdownHandler {
            for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                guard hasCertificate else {
                    logger.notice("there is no certificate to read again: the server speaks no TLS")
                    continue
                }
                do {
                    try server.reload()
                    logger.notice("the certificate was read again")
                } catch {
                    logger.error("the certificate cannot be read; the old one stays", metadata: ["error": "\(error)"])
                }
            }
        } onGracefulShutdown: {
        }
    }
}

extension StoreError {
    /// The error as a sentence for an operator.
    var explanation: String {
        switch self {
        case .conflict: "a conflict"
        case .unavailable(let why), .outcomeUnknown(let why), .corrupt(let why): why
        case .overloaded: "too much waits for it"
        }
    }
}
