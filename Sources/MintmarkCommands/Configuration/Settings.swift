import Logging
import TokenCore
import Valkey
import ValkeyStore

/// Everything that can be configured, typed and within bounds; whether it also makes sense together is answered by
/// `contradictions(workingDirectory:)`.
///
/// What each value means is said in the table `Keys`, once.
struct Settings: Sendable, Equatable {
    var server: Server
    var admin: Listener
    /// The file with the admin credential.
    var adminTokenFile: String
    /// Whether somebody named that file.
    var isAdminTokenFileNamed: Bool
    /// Nil: no listener of its own for probes and scrapers.
    var metrics: Listener?
    /// The host of that listener, also where there is none.
    var metricsHost: String
    var logging: Logging
    var auth: Auth
    var sessions: Sessions
    var login: Login
    var pools: Pools
    var store: Store
    var events: Events
    var keys: SigningKeys
    /// Tokens that others issue, by name.
    var upstreams: [Upstream]

    /// An address to listen on.
    struct Listener: Sendable, Equatable {
        var host: String
        /// 0: any free port.
        var port: Int
    }

    /// The public listener.
    struct Server: Sendable, Equatable {
        var listener: Listener
        /// Event loops; 0: one for each processor.
        var maxProcessors: Int
        /// Nil: plain HTTP/1.1.
        var tls: TLS?
        /// Peers whose Forwarded and X-Forwarded-* headers are believed.
        var trustedProxies: [AddressRange]
    }

    /// Paths of PEM files. One of them is empty only in settings that contradict themselves.
    struct TLS: Sendable, Equatable {
        var certificate: String
        var key: String
    }

    /// The diagnostic log on standard error.
    struct Logging: Sendable, Equatable {
        var mode: LogMode
        var level: Logger.Level
    }

    /// What tokens say and how long they live.
    struct Auth: Sendable, Equatable {
        var issuer: String
        /// Whether somebody named it.
        var isIssuerNamed: Bool
        var audience: String
        var algorithm: SigningAlgorithm
        var accessLifetime: Duration
        var refreshLifetime: Duration
        /// Nil: sessions do not end by inactivity.
        var autoLogout: Duration?
        /// Zero: a refresh token used twice is always reuse.
        var refreshGrace: Duration
        var leeway: Duration
        /// The file with the secret of legacy HS256 tokens; nil: none are accepted.
        var legacyHS256: String?
        /// How old an instance's knowledge of revocations may be, where instances share a store.
        var maxStaleness: Duration
        var whenStale: StalenessPolicy
    }

    /// Limits on sessions.
    struct Sessions: Sendable, Equatable {
        /// Nil: unlimited.
        var maxPerSubject: Int?
    }

    /// Who may call `/login`.
    struct Login: Sendable, Equatable {
        var require: LoginRequirement
        /// Networks whose peers are treated as loopback ones.
        var allowFrom: [AddressRange]
    }

    /// The pool `default`.
    struct Pools: Sendable, Equatable {
        var lifetime: Duration
        var unblockLifetime: Duration
        /// Nil: no token is deleted.
        var keepAliveLimit: Duration?
        var maxTokens: Int
    }

    /// Where sessions are.
    struct Store: Sendable, Equatable {
        /// The data folder.
        var path: String
        /// The shared store; nil: the embedded one.
        var shared: SharedStore?
        /// What was said of a shared store although there is none.
        var idleKeys: [String]
    }

    /// Valkey or Redis.
    struct SharedStore: Sendable, Equatable {
        var url: ValkeyURL
        /// PEM file with the authorities of the servers' certificates; nil: those of the system.
        var authorityFile: String?
        var partitions: Int
        /// Whether empty servers are set up.
        var isMadeWhenEmpty: Bool
        var acknowledge: Acknowledge
    }

    /// The event sinks.
    struct Events: Sendable, Equatable {
        var sink: EventDestination
        var retain: Duration
    }

    /// The life of signing keys, and the seal.
    struct SigningKeys: Sendable, Equatable {
        var rotateEvery: Duration
        var publishAhead: Duration
        var sealFile: String
        /// Whether somebody named that file.
        var isSealFileNamed: Bool
    }
}

/// How a line of the diagnostic log looks.
enum LogMode: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line.
    case json
}

/// The algorithms that can sign (RFC 7518 section 3.1, RFC 8037, RFC 9964); HS256 is verified only, never signed with.
enum SigningAlgorithm: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case es384 = "ES384"
    case edDSA = "EdDSA"
    case rs256 = "RS256"
    case ps256 = "PS256"
    case mlDSA65 = "ML-DSA-65"
    case mlDSA87 = "ML-DSA-87"
}

/// What an instance says of access tokens while it does not hear of revocations.
enum StalenessPolicy: String, Sendable, CaseIterable {
    /// 503 until it has caught up.
    case deny
    /// What it knows nothing against is accepted.
    case allow
}

/// What an instance does that meets empty servers.
enum StoreCreation: String, Sendable, CaseIterable {
    /// It sets the store up.
    case whenEmpty = "when_empty"
    /// It does not start.
    case never
}

/// What a change waits for in a shared store.
enum AcknowledgeMode: String, Sendable, CaseIterable {
    case memory
    case replicated
    case fsynced
}

/// What `/login` asks of its caller.
enum LoginRequirement: String, Sendable, CaseIterable {
    /// A peer on this machine, or in `login.allow_from`, that is neither a web page nor a reverse proxy.
    case loopback
    /// HTTP Basic with the credentials of a client.
    case client
    /// Nothing; only on a loopback listener.
    case none
}

/// Where events are written as JSON lines.
enum EventDestination: Sendable, Equatable {
    case none
    case standardOutput
    case file(path: String)
}
