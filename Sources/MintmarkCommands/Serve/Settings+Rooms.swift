import TokenCore
import TokenEngine
import TokenHTTP

/// What each room is told: every key of the table arrives here, and `SettingsRoomsTests` says where.
extension Settings {
    /// What the engine is told.
    ///
    /// - Parameter longest: the longest life of an access token that is out already: a lifetime that was shortened must not shorten what is
    ///   remembered of the longer one.
    func engine(remembering longest: Duration = .zero) -> TokenEngine.Configuration {
        var policy = policy
        policy.longestAccessLifetime = max(policy.longestAccessLifetime, longest)
        return .init(issuer: auth.issuer, audience: auth.audience, policy: policy)
    }

    /// The clock, which does not begin before `floor`. The store rounds what it has forgotten up to the next second: a start within it is not
    /// behind.
    func clock(floor: UnixTime) -> SystemClock { SystemClock(floor: floor, leeway: clockLeeway) }

    /// How far a clock may have to stand before nothing is issued: not for a step that mends itself within a second.
    var clockLeeway: Duration { max(auth.leeway, .seconds(1)) }

    /// How long events wait.
    var retention: EventRelay.Retention { .init(age: events.retain) }

    /// Where events go.
    var sinks: [any EventSink] {
        switch events.sink {
        case .none: []
        case .standardOutput: [JSONLinesSink(path: nil)]
        case .file(let path): [JSONLinesSink(path: path)]
        }
    }

    /// What writes the log.
    func logHandler(_ label: String) -> LineLogHandler { LineLogHandler(label: label, mode: logging.mode, logLevel: logging.level) }

    /// What the core is told.
    var policy: SessionPolicy {
        SessionPolicy(
            accessLifetime: auth.accessLifetime, refreshLifetime: auth.refreshLifetime, autoLogout: auth.autoLogout,
            refreshGrace: auth.refreshGrace, maxPerSubject: sessions.maxPerSubject ?? 0)
    }

    /// What the pool `default` is told.
    var poolPolicy: PoolPolicy {
        PoolPolicy(
            order: .fifo, lifetime: pools.lifetime, rest: pools.unblockLifetime, keepAliveLimit: pools.keepAliveLimit, mostTokens: pools.maxTokens)
    }

    /// What the key keeper is told.
    var keyPolicy: KeyPolicy {
        KeyPolicy(
            algorithm: auth.algorithm.rawValue, rotateEvery: keys.rotateEvery, publishAhead: keys.publishAhead,
            accessLifetime: auth.accessLifetime, refreshLifetime: auth.refreshLifetime)
    }

    /// What the server is told.
    ///
    /// - Parameter sharing: nil where no other instance shares the store.
    func server(adminToken: Secret, sharing: TokenServer.Sharing? = nil) throws -> TokenServer.Configuration {
        TokenServer.Configuration(
            address: .init(host: server.listener.host, port: server.listener.port),
            tls: server.tls.map { .init(certificate: $0.certificate, key: $0.key) },
            admin: .init(host: admin.host, port: admin.port), adminToken: adminToken,
            metrics: metrics.map { .init(host: $0.host, port: $0.port) }, login: loginRequirement, trustedProxies: server.trustedProxies,
            leeway: auth.leeway, legacySecret: try legacySecret, sharing: sharing,
            loops: server.maxProcessors == 0 ? nil : server.maxProcessors)
    }

    /// The secret of legacy tokens.
    private var legacySecret: Secret? {
        get throws(CommandFailure) {
            guard let path = auth.legacyHS256 else { return nil }
            do { return try LegacySecretFile.read(path) } catch {
                throw CommandFailure(.configuration, "the file that auth.legacy_hs256 names \(error.reason).")
            }
        }
    }

    private var loginRequirement: TokenHTTP.LoginRequirement {
        switch login.require {
        case .loopback: .loopback(alsoFrom: login.allowFrom)
        case .client: .client
        case .none: .none
        }
    }
}
