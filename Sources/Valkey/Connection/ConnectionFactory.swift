import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections as the configuration says.
struct ConnectionFactory: Sendable {
    let configuration: ValkeyClientConfiguration
    let group: any EventLoopGroup
    let logger: Logger

    /// A connection that is not opened yet. Commands may be given to it at once; they fail as not executed if it does not open.
    func make(_ address: ValkeyServerAddress, listener: ValkeyConnection.Listener = .init()) -> ValkeyConnection {
        ValkeyConnection(address, greeting: greeting, bounds: bounds, eventLoop: group.next(), listener: listener)
    }

    /// Begins to open a connection.
    func open(_ connection: ValkeyConnection) {
        let address = connection.address
        let configuration = configuration
        ClientBootstrap(group: connection.eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .enable(let context, let name) = configuration.tls.base {
                        let handler = try Self.encryption(context, name ?? address.host)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(connection, limits: configuration.limits))
                }
            }
            .connect(host: address.host, port: address.port)
            .whenFailure { connection.failed(.connecting(to: address, $0)) }
    }

    /// A server name is a name: for an address the certificate is checked against the socket's.
    private static func encryption(_ context: NIOSSLContext, _ name: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : name)
    }

    private var greeting: Greeting.Wish {
        Greeting.Wish(
            authentication: configuration.authentication, database: configuration.databaseNumber, clientName: configuration.clientName)
    }

    private var bounds: ConnectionMachine<ValkeyConnection.Waiter>.Bounds {
        .init(
            commands: configuration.connectionPool.commandsInFlight, silence: TimeAmount(configuration.commandTimeout),
            idle: TimeAmount(configuration.keepAlive))
    }
}
