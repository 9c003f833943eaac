import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import TokenCore
public import TokenEngine
import TokenValidation

/// The HTTP server: the public listener, the admin listener and, if asked for, one for probes and metrics.
///
/// A service: `run()` serves until the task is cancelled or shut down gracefully; then no connection is accepted, what is in flight is
/// answered, and it returns. The engine and the keys must have been started before.
public final class TokenServer: Service {
    private let configuration: Configuration
    private let engine: TokenEngine
    private let keys: KeyKeeper
    private let logger: Logger
    private let certificate: ServerCertificate?
    private let sources: [any MetricsSource]
    private let pools: TokenPools?
    private let upstreams: UpstreamPlace?
    private let onListening: @Sendable (Ports) async -> Void

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - keys: the keys in force, asked anew for every token that is verified.
    ///   - pools: the pools of tokens; without them their paths lead nowhere.
    ///   - upstreams: tokens that others issue, and who keeps them; without them their paths lead nowhere.
    ///   - sources: whoever has figures for `/metrics`.
    ///   - onListening: told the ports once every listener accepts connections.
    /// - Throws: `UnusableCertificate`.
    public init(
        configuration: Configuration, engine: TokenEngine, keys: KeyKeeper, pools: TokenPools? = nil, upstreams: UpstreamPlace? = nil,
        metrics sources: [any MetricsSource] = [], logger: Logger,
        onListening: @escaping @Sendable (Ports) async -> Void = { _ in }
    ) throws {
        self.configuration = configuration
        self.engine = engine
        self.keys = keys
        self.sources = sources
        self.pools = pools
        self.upstreams = upstreams
        self.logger = logger
        self.onListening = onListening
        certificate = try configuration.tls.map { try ServerCertificate($0) }
    }

    /// Reads the certificate and its key again, for connections that begin from now on.
    ///
    /// - Throws: `UnusableCertificate`; then the old ones stay in force.
    public func reload() throws { try certificate?.reload() }

    /// Serves.
    ///
    /// - Throws: `CannotListen` when a listener cannot be opened.
    public func run() async throws { try await withOwnEventLoops(configuration.loops) { try await serve(on: $0) } }

    private func serve(on group: any EventLoopGroup) async throws {
        let loops = try await EventLoops(
            group: group, engine: engine, clock: engine.clock, limits: configuration.limits, leeway: configuration.leeway,
            sharing: configuration.sharing, upstreams: upstreams?.desk(configuration.login.local))
        defer { loops.stop() }
        await engine.add(enforcer: loops)
        await loops.follow(keys)
        let rooms = try Rooms(
            configuration: configuration, engine: engine, keys: keys, loops: loops, sources: sources, pools: pools, upstreams: upstreams)
        let listening = Listening(expected: configuration.metrics == nil ? 2 : 3)
        var listeners = [
            listener(.main, rooms.publicRoutes, rooms, at: configuration.address, on: group, listening),
            listener(.admin, rooms.adminRoutes, rooms, at: configuration.admin, on: group, listening),
        ]
        if let address = configuration.metrics { listeners.append(listener(.metrics, rooms.probeRoutes, rooms, at: address, on: group, listening)) }
        // One that cannot be opened ends the others as an order to stop would: nothing fails but what failed.
        let services = ServiceGroup(
            configuration: .init(services: listeners.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) }, logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { [onListening] in if let ports = await listening.ports() { await onListening(ports) } }
            tasks.addTask {
                defer { listening.giveUp() }
                try await services.run()
            }
            try await tasks.waitForAll()
        }
    }

    private func listener(
        _ name: CannotListen.Listener, _ routes: Routes, _ rooms: Rooms, at address: Configuration.Address, on group: any EventLoopGroup,
        _ listening: Listening
    ) -> Listener {
        let limits = configuration.limits
        let responder = Responder(
            routes: routes, limits: limits, metrics: rooms.metrics, clock: engine.clock, logger: logger, trustedProxies: configuration.trustedProxies,
            proxy: name == .main ? rooms.proxy : nil)
        let isSecure = name == .main && certificate != nil
        let http1 = HTTP1Channel(
            shortRequests: responder, responder: { request, writer, channel in try await responder.respond(to: request, writer, channel) },
            loops: rooms.loops, limits: limits,
            isSecure: isSecure, isFast: name == .main)
        let settings = ServerConfiguration(
            address: .hostname(address.host, port: address.port), backlog: 1024,
            availableConnectionsDelegate: .maximum(limits.connections, logger: logger))
        let opened: @Sendable (any Channel) async -> Void = { listening.opened(name, $0) }
        let server: any Service =
            if name == .main, let certificate {
                WholeServer(
                    SecureChannel(http1: http1, certificate: certificate), configuration: settings, on: group, logger: logger,
                    onServerRunning: opened)
            } else {
                WholeServer(http1, configuration: settings, on: group, logger: logger, onServerRunning: opened)
            }
        return Listener(name: name, address: address, listening: listening, server: server)
    }
}

extension TokenServer: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "server" }
}
