public import TokenCore
public import TokenEngine

extension TokenServer {
    /// What a server needs to know beside its engine.
    public struct Configuration: Sendable {
        /// Where a listener is bound.
        public struct Address: Sendable, Hashable {
            /// A name or an address.
            public var host: String
            /// 0 for any free port.
            public var port: Int

            /// An address.
            public init(host: String, port: Int) {
                self.host = host
                self.port = port
            }
        }

        /// Two PEM files.
        public struct TLS: Sendable, Hashable {
            /// The path of the chain, the server's own certificate first.
            public var certificate: String
            /// The path of its key.
            public var key: String

            /// Two paths.
            public init(certificate: String, key: String) {
                self.certificate = certificate
                self.key = key
            }
        }

        /// The public listener.
        public var address: Address
        /// TLS for the public listener; nil for none.
        public var tls: TLS?
        /// The admin listener, with all verbs.
        public var admin: Address
        /// The admin credential: whoever sends it as a bearer token administers. At least 16 random bytes, as text (canon 61).
        public var adminToken: Secret
        /// A listener with probes and metrics alone; nil for none.
        public var metrics: Address?
        /// Who may call `POST /login`.
        public var login: LoginRequirement
        /// Proxies whose X-Forwarded-For is believed, for the log only.
        public var trustedProxies: [AddressRange]
        /// How far clocks may differ when an access token's dates are judged.
        public var leeway: Duration
        /// The secret of legacy HS256 tokens, at least 32 bytes, which `/authenticate` then accepts too; nil for none.
        public var legacySecret: Secret?
        /// What holds where other instances share the store; nil where there are none.
        public var sharing: Sharing?
        /// Event loops; nil for one per core.
        public var loops: Int?
        /// Bounds.
        public var limits: Limits

        /// A configuration; the defaults listen on this machine alone.
        public init(
            address: Address = Address(host: "127.0.0.1", port: 8080), tls: TLS? = nil, admin: Address = Address(host: "127.0.0.1", port: 8081),
            adminToken: Secret, metrics: Address? = nil, login: LoginRequirement = .loopback(alsoFrom: []), trustedProxies: [AddressRange] = [],
            leeway: Duration = .seconds(5), legacySecret: Secret? = nil, sharing: Sharing? = nil, loops: Int? = nil, limits: Limits = Limits()
        ) {
            self.address = address
            self.tls = tls
            self.admin = admin
            self.adminToken = adminToken
            self.metrics = metrics
            self.login = login
            self.trustedProxies = trustedProxies
            self.leeway = leeway
            self.legacySecret = legacySecret
            self.sharing = sharing
            self.loops = loops
            self.limits = limits
        }
    }

    /// What a server needs to know of the other instances that share its store.
    public struct Sharing: Sendable {
        /// Who follows their revocations, and knows how long ago it may have known all of them.
        public var follower: RevocationFollower
        /// That time, for whoever asks by another clock.
        public var maxStaleness: Duration
        /// Whether access tokens are answered with 503 beyond that; else those are accepted against which nothing is known.
        public var deniesWhenStale: Bool

        /// What the configuration says.
        public init(follower: RevocationFollower, maxStaleness: Duration, deniesWhenStale: Bool) {
            self.follower = follower
            self.maxStaleness = maxStaleness
            self.deniesWhenStale = deniesWhenStale
        }

        /// Whether access tokens cannot be judged now. Called on event loops, for every token: one load of an atomic.
        func refusesToJudge(at now: UnixTime) -> Bool { deniesWhenStale && follower.isStale(at: now) }
    }

    /// The ports that the listeners were given.
    public struct Ports: Sendable, Hashable {
        /// Of the public listener.
        public let main: Int
        /// Of the admin listener.
        public let admin: Int
        /// Of the listener for probes and metrics, if there is one.
        public let metrics: Int?
    }
}
