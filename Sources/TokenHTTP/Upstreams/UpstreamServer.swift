import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import TokenCore
public import TokenEngine

/// The sidecar: tokens of others over HTTP and nothing else, on an address of this machine or a Unix socket, without a store.
///
/// There are no clients: who may have a token is told by the rule of loopback, or by what the system says of a socket's other end.
public final class UpstreamServer: Service, CustomStringConvertible {
    /// Where it listens.
    public enum Place: Sendable, Hashable {
        /// An address of this machine.
        case address(TokenServer.Configuration.Address)
        /// A Unix socket.
        ///
        /// - mode: whom its file lets connect.
        case socket(path: String, mode: UInt32)
    }

    private let place: Place
    private let upstreams: UpstreamPlace
    private let clock: any WallClock
    private let limits: Limits
    private let loops: Int?
    private let logger: Logger
    private let onListening: @Sendable (Place) async -> Void

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - loops: event loops; nil for one a core.
    ///   - onListening: told where, once it accepts connections; the port is the one that it was given.
    public init(
        at place: Place, upstreams: UpstreamPlace, clock: any WallClock, limits: Limits = Limits(), loops: Int? = nil, logger: Logger,
        onListening: @escaping @Sendable (Place) async -> Void = { _ in }
    ) {
        self.place = place
        self.upstreams = upstreams
        self.clock = clock
        self.limits = limits
        self.loops = loops
        self.logger = logger
        self.onListening = onListening
    }

    /// For the log of a service group.
    public var description: String { "sidecar" }

    /// Serves until it is shut down.
    ///
    /// - Throws: `CannotListen`, or `UnixSocket.Failure`.
    public func run() async throws { try await withOwnEventLoops(loops) { try await serve(on: $0) } }

    private func serve(on group: any EventLoopGroup) async throws {
        let local = LocalCaller()
        let loops = try await EventLoops(group: group, engine: nil, clock: clock, limits: limits, upstreams: upstreams.desk(local))
        defer { loops.stop() }
        let channel = channel(loops, local)
        switch place {
        case .address(let address):
            let listening = Listening(expected: 1)
            let server = WholeServer(
                channel, configuration: configuration(.hostname(address.host, port: address.port)), on: group, logger: logger
            ) { [onListening] channel in
                listening.opened(.main, channel)
                await onListening(.address(.init(host: address.host, port: channel.localAddress?.port ?? address.port)))
            }
            try await Listener(name: .main, address: address, listening: listening, server: server).run()
        case .socket(let path, let mode):
            let socket = try UnixSocket(path: path, mode: mode)
            defer { socket.remove() }
            let server = WholeServer(
                channel, configuration: configuration(.unixDomainSocket(path: socket.place)), on: group, logger: logger
            ) { [onListening, logger, place] channel in
                do throws(UnixSocket.Failure) {
                    try socket.publish()
                    await onListening(place)
                } catch {
                    logger.error("the socket has no name", metadata: ["error": "\(error)"])
                    channel.close(promise: nil)
                }
            }
            try await server.run()
        }
    }

    private func configuration(_ address: BindAddress) -> ServerConfiguration {
        .init(address: address, backlog: 1024, availableConnectionsDelegate: .maximum(limits.connections, logger: logger))
    }

    private func channel(_ loops: EventLoops, _ local: LocalCaller) -> HTTP1Channel {
        let metrics = RequestMetrics()
        let endpoints: [any Endpoint] =
            upstreams.endpoints(.caller(nil, local), loops) + [
                PingEndpoint(), LocalEndpoint(inner: HealthEndpoint()),
                LocalEndpoint(
                    inner: MetricsEndpoint(engine: nil, loops: loops, requests: metrics, share: WorkShare(limits), sources: [upstreams.metrics])),
            ]
        let responder = Responder(
            routes: Routes(endpoints), limits: limits, metrics: metrics, clock: clock, logger: logger, trustedProxies: [],
            proxy: upstreams.proxy(.caller(nil, local), loops, limits))
        return HTTP1Channel(
            shortRequests: responder, responder: { request, writer, channel in try await responder.respond(to: request, writer, channel) },
            loops: loops, limits: limits, isSecure: false, isFast: true)
    }
}
