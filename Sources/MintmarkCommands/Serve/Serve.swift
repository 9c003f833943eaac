import FoundationEssentials
import JOSE
import Logging
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
        do {
            if let shared = settings.store.shared { try await serve(shared, folder) } else { try await serveEmbedded(folder) }
        } catch let error as CannotListen { throw CommandFailure(error) }
        logger.notice("stopped")
    }

    /// What a server is made of, wherever sessions are.
    struct Parts {
        let engine: TokenEngine
        let keys: KeyKeeper
        let relay: EventRelay
        /// Nil where the store has no pools.
        let pools: TokenPools?
        /// Keeps what must not be lost of upstream tokens.
        let vault: UpstreamVault
        /// Nil where no other instance shares the store.
        let sharing: TokenServer.Sharing?
        /// Started in this order before the keys, and shut down after everything else.
        let foundation: [any Service]
        let keepers: [any Service]
        let metrics: ServeMetrics
    }

    /// Listens and serves until it is told to stop.
    func serve(_ parts: Parts, _ folder: DataFolder) async throws {
        let configuration = try settings.server(adminToken: try folder.adminToken(), sharing: parts.sharing)
        let upstreams = try upstreams(parts.engine, parts.vault)
        let server = try TokenServer(
            configuration: configuration, engine: parts.engine, keys: parts.keys, pools: parts.pools, upstreams: upstreams?.place,
            metrics: [parts.metrics], logger: logger
        ) { ports in announce(ports, folder) }
        let hangUp = HangUp(server: server, hasCertificate: settings.server.tls != nil, logger: logger)
        let keepers = parts.keepers + (parts.pools?.keepers ?? []) + (upstreams.map { [$0.keeper] } ?? [])
        let services: [any Service] = parts.foundation + [parts.keys, parts.relay] + keepers + [hangUp, server]
        // Shut down in the reverse order: first the server finishes what is in flight, then the keepers flush.
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    /// Tokens that others issue, whose events stand in the store's outbox.
    private func upstreams(_ engine: TokenEngine, _ vault: UpstreamVault) throws(CommandFailure) -> (place: UpstreamPlace, keeper: UpstreamKeeper)? {
        guard let upstreams = try settings.upstreams(from: .current, keptIn: vault) else { return nil }
        let keeper = UpstreamKeeper(of: upstreams, clock: engine.clock.now, logger: logger) { try await engine.record($0) }
        return (UpstreamPlace(upstreams, keeper: keeper), keeper)
    }

    /// Opens the signing keys, or makes the first.
    func start(_ keys: KeyKeeper) async throws(CommandFailure) {
        do { try await keys.start() } catch {
            throw CommandFailure(error.commandStatus, "the signing keys cannot be opened: \(error)")
        }
    }

    /// Opens the pools of tokens, and has the pool `default` as it is configured.
    func openPools(
        _ pools: any LeasePool, records: any RecordStore, _ seals: SealKeys, _ clock: any WallClock
    ) async throws(CommandFailure) -> TokenPools {
        do {
            return try await TokenPools.open(
                pools, records: records, seals: seals, usual: settings.poolPolicy, clock: clock, logger: logger)
        } catch {
            throw CommandFailure(error.commandStatus, "the pools of tokens cannot be opened: \(error.explanation)")
        }
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
