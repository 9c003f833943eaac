import Logging
import TokenCore

/// The table of configuration: one row a key, and no key elsewhere. `Settings` is read from it, in this order.
enum Keys {
    static let serverHost = ConfigurationKey(
        "server.host", .text("address or host name"), default: "127.0.0.1",
        "Where the public listener listens; beyond loopback it needs TLS or trusted proxies.")
    static let serverPort = ConfigurationKey(
        "server.port", .port, default: "8080", "Port of the public listener; 0 takes any free one.")
    static let maxProcessors = ConfigurationKey(
        "server.max_processors", .integer(0...1024), default: "0", "Event loops to run; 0 is one for each processor.")
    static let certificate = ConfigurationKey(
        "server.tls.certificate", .text("path", mayBeEmpty: true), default: "",
        "PEM file with the certificate and its chain; with it the public listener speaks TLS and HTTP/2. Read again on SIGHUP."
    )
    static let certificateKey = ConfigurationKey(
        "server.tls.key", .text("path", mayBeEmpty: true), default: "",
        "PEM file with the private key of the certificate. Read again on SIGHUP.")
    static let trustedProxies = ConfigurationKey(
        "server.trusted_proxies", .networks, default: "",
        "Reverse proxies whose X-Forwarded-For is believed, for the log: a request's line, at level debug, or warning for a 5xx, shows it.")

    static let adminHost = ConfigurationKey(
        "admin.host", .text("address or host name"), default: "127.0.0.1",
        "Where the admin listener listens; only loopback is accepted.")
    static let adminPort = ConfigurationKey(
        "admin.port", .port, default: "8081", "Port of the admin listener; 0 takes any free one.")
    static let adminTokenFile = ConfigurationKey(
        "admin.token_file", .path, default: "",
        "The file with the admin credential, mode 0600, made where there is none; empty is admin.token in store.path. Instances behind one address share it."
    )
    static let metricsHost = ConfigurationKey(
        "metrics.host", .text("address or host name"), default: "127.0.0.1",
        "Where the listener for probes and scrapers listens.")
    static let metricsPort = ConfigurationKey(
        "metrics.port", .optionalPort, default: "off",
        "Port of a listener that serves /healthz, /readyz and /metrics and no admin verbs; 0 takes any free one.")

    static let loggingMode = ConfigurationKey<LogMode>(
        "logging.mode", .word, default: "text", "How a line of the log on standard error looks.")
    static let loggingLevel = ConfigurationKey<Logger.Level>(
        "logging.level", .word, default: "info",
        "The least level that is logged; the variable LOG_LEVEL is honoured below MINTMARK_LOGGING_LEVEL.")

    static let issuer = ConfigurationKey(
        "auth.issuer", .webURL, derived: "http://localhost:<server.port>, https with TLS",
        "The `iss` of every token, exactly as validators expect it.")
    static let audience = ConfigurationKey(
        "auth.audience", .text("text"), derived: "<auth.issuer>",
        "The `aud` of an access token whose login named none.")
    static let algorithm = ConfigurationKey<SigningAlgorithm>(
        "auth.algorithm", .word, default: "ES256", "The algorithm of new signing keys.")
    static let accessLifetime = ConfigurationKey(
        "auth.access_lifetime", .duration(.seconds(1)...SessionPolicy.mostAccessLifetime), default: "15m", "How long an access token lives."
    )
    static let refreshLifetime = ConfigurationKey(
        "auth.refresh_lifetime", .duration(.seconds(1) ... .hours(87_600)), default: "720h",
        "How long a session lives from its login on; rotation never extends it.")
    static let autoLogout = ConfigurationKey(
        "auth.auto_logout", .duration(.zero ... .hours(87_600)), default: "0",
        "A session without activity for that long is over, 5 % or a minute later at the most, whichever is more; 0 turns it off.")
    static let refreshGrace = ConfigurationKey(
        "auth.refresh_grace", .duration(.zero ... .seconds(600)), default: "30s",
        "How long a retry with the refresh token just used gets the same successor; 0 turns it off.")
    static let leeway = ConfigurationKey(
        "auth.leeway", .duration(.zero...SessionPolicy.mostLeeway), default: "5s",
        "How far the clocks of two machines may differ when the times in a token are checked.")
    static let legacyHS256 = ConfigurationKey(
        "auth.legacy_hs256", .text("path", mayBeEmpty: true), default: "", secret: true,
        "File with the secret of legacy HS256 tokens, which are then verified, never issued. Never printed: a secret is easily pasted here."
    )

    static let maxStaleness = ConfigurationKey(
        "auth.max_staleness", .duration(.seconds(2) ... .seconds(3600)), default: "30s",
        "With store.url: how long ago this instance may last have heard of every revocation before it is stale.")
    static let whenStale = ConfigurationKey<StalenessPolicy>(
        "auth.when_stale", .word, default: "deny",
        "What a stale instance says of access tokens: deny answers 503 until it has caught up, allow accepts those that it knows nothing against.")

    static let maxPerSubject = ConfigurationKey(
        "sessions.max_per_subject", .integer(0...100_000), default: "0",
        "Live sessions of one subject; a new login ends the oldest above it. 0 is unlimited.")
    static let loginRequire = ConfigurationKey<LoginRequirement>(
        "login.require", .word, default: "loopback", "What /login asks of its caller.")
    static let loginAllowFrom = ConfigurationKey(
        "login.allow_from", .networks, default: "", "Private networks whose peers may call /login like loopback ones.")

    static let poolLifetime = ConfigurationKey(
        "pools.lifetime", .duration(.seconds(1) ... .hours(8760)), default: "60s",
        "In the pool default: how long a token is its holder's without a sign of life. The variable TOKEN_LIFETIME has it in seconds.")
    static let poolUnblockLifetime = ConfigurationKey(
        "pools.unblock_lifetime", .duration(.zero ... .hours(8760)), default: "120s",
        "In the pool default: how long a token rests after it was given back. The variable TOKEN_UNBLOCK_LIFETIME has it in seconds.")
    static let poolKeepAliveLimit = ConfigurationKey(
        "pools.keep_alive_limit", .duration(.zero ... .hours(8760)), default: "300s",
        "In the pool default: a token without a sign of life for that long is deleted; 0 deletes none. The variable KEEP_ALIVE_LIMIT has it in seconds."
    )
    static let poolMaxTokens = ConfigurationKey(
        "pools.max_tokens", .integer(1...PoolPolicy.mostTokensEver), default: "10000",
        "In the pool default: how many tokens there may be. The variable MAX_TOKENS has it too.")

    static let storePath = ConfigurationKey(
        "store.path", .text("path"), default: "./mintmark-data", "The data folder; made with mode 0700.")
    static let storeURL = ConfigurationKey(
        "store.url", .storeURL, default: "", secret: true,
        "Valkey or Redis in place of the embedded store: valkey://user:password@host:6379/0, rediss:// with TLS, several hosts for a cluster.")
    static let storeAuthority = ConfigurationKey(
        "store.ca_file", .text("path", mayBeEmpty: true), default: "",
        "PEM file with the authorities that the servers' certificates are checked against; empty trusts those of the system.")
    static let storePartitions = ConfigurationKey(
        "store.partitions", .powerOfTwo(1...2048), default: "64",
        "With store.url: how many parts the store has, each in one slot of a cluster. Fixed on first use.")
    static let storeCreate = ConfigurationKey<StoreCreation>(
        "store.create", .word, default: "when_empty",
        "With store.url: whether empty servers are set up. never refuses to start: set it once there are sessions to lose.")
    static let acknowledge = ConfigurationKey<AcknowledgeMode>(
        "store.acknowledge", .word, default: "memory",
        "What a change waits for in a shared store: the primary's memory, that of store.replicas, or the append-only files.")
    static let replicas = ConfigurationKey(
        "store.replicas", .integer(0...16), derived: "1 if replicated, else 0",
        "How many replicas of each primary must acknowledge a change.")
    static let acknowledgeTimeout = ConfigurationKey(
        "store.acknowledge_timeout", .duration(.milliseconds(10) ... .seconds(60)), default: "1s",
        "How long a change waits to be acknowledged before it is answered with 503, its outcome unknown.")
    static let eventsFile = ConfigurationKey(
        "events.file", .text("path, or - for standard output", mayBeEmpty: true), default: "",
        "Where events are written as JSON lines; empty writes none.")
    static let eventsRetain = ConfigurationKey(
        "events.retain", .duration(.seconds(60) ... .hours(8760)), default: "24h",
        "How long an event waits in the store for its sinks; at most 1 GiB of them.")
    static let rotateEvery = ConfigurationKey(
        "keys.rotate_every", .duration(.seconds(1) ... .hours(8760)), default: "720h", "How long a key signs.")
    static let publishAhead = ConfigurationKey(
        "keys.publish_ahead", .duration(.zero ... .hours(720)), default: "1h",
        "How long a key is in the key set before it signs; longer than any cache of the set.")
    static let sealFile = ConfigurationKey(
        "keys.seal_file", .text("path"), derived: "<store.path>.seal",
        "The file with the seal keys, mode 0600, outside the data folder.")

    /// Every row, in the order of docs/configuration.md.
    static let all: [any DescribedKey] = [
        serverHost, serverPort, maxProcessors, certificate, certificateKey, trustedProxies,
        adminHost, adminPort, adminTokenFile, metricsHost, metricsPort, loggingMode, loggingLevel,
        issuer, audience, algorithm, accessLifetime, refreshLifetime, autoLogout, refreshGrace, leeway, legacyHS256,
        maxStaleness, whenStale, maxPerSubject, loginRequire, loginAllowFrom,
        poolLifetime, poolUnblockLifetime, poolKeepAliveLimit, poolMaxTokens, storePath, storeURL, storeAuthority, storePartitions, storeCreate,
        acknowledge,
        replicas, acknowledgeTimeout, eventsFile, eventsRetain,
        rotateEvery, publishAhead, sealFile,
    ]
}

extension Duration {
    /// So many hours of 3,600 seconds.
    static func hours(_ count: Int) -> Duration { .seconds(count * 3600) }
}
