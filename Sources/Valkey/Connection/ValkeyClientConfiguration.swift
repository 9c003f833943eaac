public import NIOSSL

/// How a client connects, and what it does when that fails.
public struct ValkeyClientConfiguration: Sendable {
    /// Who we are.
    public struct Authentication: Sendable, Hashable, CustomStringConvertible {
        /// The user of the server's ACL; `default` for a server with a password alone.
        public var username: String
        /// What that user knows.
        public var password: String

        /// - Parameter username: `default` for a server with a password alone.
        public init(username: String = "default", password: String) {
            self.username = username
            self.password = password
        }

        /// Without the password.
        public var description: String { "Authentication(\(username))" }
    }

    /// Whether connections are encrypted.
    public struct TLS: Sendable {
        enum Base: Sendable {
            case disable
            case enable(NIOSSLContext, String?)
        }
        let base: Base

        /// They are not.
        public static var disable: Self { Self(base: .disable) }

        /// They are.
        ///
        /// - Parameter tlsServerName: what the certificate must be for; nil: the host connected to.
        /// - Throws: what NIOSSL says of certificates and keys that it cannot read.
        public static func enable(_ configuration: TLSConfiguration, tlsServerName: String? = nil) throws -> Self {
            Self(base: .enable(try NIOSSLContext(configuration: configuration), tlsServerName))
        }

        /// Whether they are.
        public var isEnabled: Bool { if case .enable = base { true } else { false } }
    }

    /// How many connections there are.
    public struct ConnectionPool: Sendable, Hashable {
        /// Shared by all tasks, to each node. Pipelining fills them, so few are enough: one for each core that the server gives to sockets.
        public var sharedConnections: Int
        /// For blocking commands and `withConnection`, to each node, at most.
        public var ownConnections: Int
        /// Replies that may be due on one shared connection, queued commands included, before commands are refused.
        public var commandsInFlight: Int
        /// Tasks that may wait for a connection of their own.
        public var waitersForOwn: Int

        /// - Parameters:
        ///   - sharedConnections: 2 by default.
        ///   - ownConnections: 64 by default.
        ///   - commandsInFlight: 4096 by default.
        ///   - waitersForOwn: 4096 by default.
        public init(sharedConnections: Int = 2, ownConnections: Int = 64, commandsInFlight: Int = 4096, waitersForOwn: Int = 4096) {
            self.sharedConnections = max(1, sharedConnections)
            self.ownConnections = max(1, ownConnections)
            self.commandsInFlight = max(1, commandsInFlight)
            self.waitersForOwn = max(0, waitersForOwn)
        }
    }

    /// Nil: the server wants no password.
    public var authentication: Authentication?
    /// How many connections there are.
    public var connectionPool: ConnectionPool
    /// How long an idle connection is trusted before it is asked.
    public var keepAlive: Duration
    /// How long to wait before connecting anew.
    public var reconnection: BackOff
    /// How long to wait before a command that was not executed, or may be repeated, is sent again.
    public var retries: BackOff
    /// Every reply must be there within this time, tries and waits included, unless a call says otherwise. A server that is silent for as
    /// long while it owes one is given up.
    public var commandTimeout: Duration
    /// For the name, the connection and TLS together.
    public var connectTimeout: Duration
    /// Whether connections are encrypted.
    public var tls: TLS
    /// The database; 0 in a cluster.
    public var databaseNumber: Int
    /// What the server calls our connections; nil: nothing.
    public var clientName: String?
    /// How much a server may send in one reply.
    public var limits: RESPLimits
    /// Messages of one subscription that may wait to be read before it is ended.
    public var subscriptionBuffer: Int

    /// - Parameters:
    ///   - keepAlive: 30 s by default.
    ///   - reconnection: 50 ms, doubled up to 2 s, by default.
    ///   - retries: 10 ms, doubled up to 200 ms, by default.
    ///   - commandTimeout: 5 s by default.
    ///   - connectTimeout: 2 s by default.
    ///   - subscriptionBuffer: 8192 by default.
    public init(
        authentication: Authentication? = nil, connectionPool: ConnectionPool = .init(), keepAlive: Duration = .seconds(30),
        reconnection: BackOff = BackOff(first: .milliseconds(50), most: .seconds(2)),
        retries: BackOff = BackOff(first: .milliseconds(10), most: .milliseconds(200)),
        commandTimeout: Duration = .seconds(5), connectTimeout: Duration = .seconds(2), tls: TLS = .disable, databaseNumber: Int = 0,
        clientName: String? = nil, limits: RESPLimits = .init(), subscriptionBuffer: Int = 8192
    ) {
        self.authentication = authentication
        self.connectionPool = connectionPool
        self.keepAlive = keepAlive
        self.reconnection = reconnection
        self.retries = retries
        self.commandTimeout = commandTimeout
        self.connectTimeout = connectTimeout
        self.tls = tls
        self.databaseNumber = databaseNumber
        self.clientName = clientName
        self.limits = limits
        self.subscriptionBuffer = max(1, subscriptionBuffer)
    }
}
