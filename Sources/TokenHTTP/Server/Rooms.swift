import Logging
import TokenCore
import TokenEngine
import TokenValidation

/// What the endpoints share, and which listener has which of them: the one place where a new endpoint is registered.
struct Rooms: Sendable {
    let configuration: TokenServer.Configuration
    let engine: TokenEngine
    let keys: KeyKeeper
    let loops: EventLoops
    let sources: [any MetricsSource]
    /// Nil where there are none.
    let pools: TokenPools?
    /// Nil where there are none.
    let upstreams: UpstreamPlace?
    let metrics = RequestMetrics()
    let share: WorkShare
    let caller: TokenCaller
    let readiness: ReadinessProbe

    init(
        configuration: TokenServer.Configuration, engine: TokenEngine, keys: KeyKeeper, loops: EventLoops, sources: [any MetricsSource],
        pools: TokenPools?, upstreams: UpstreamPlace? = nil
    ) throws {
        self.configuration = configuration
        self.pools = pools
        self.upstreams = upstreams
        self.engine = engine
        self.keys = keys
        self.loops = loops
        self.sources = sources + (pools.map { [PoolMetrics(pools: $0)] } ?? []) + (upstreams.map { [$0.metrics] } ?? [])
        share = WorkShare(configuration.limits)
        readiness = ReadinessProbe { [sharing = configuration.sharing] in
            guard let sharing else { return await engine.readiness() }
            return await engine.readiness(following: sharing.deniesWhenStale ? sharing.follower : nil, staleAfter: sharing.maxStaleness)
        }
        // No audience: the issuer tells whom a token is for, and its own session endpoints are meant for every holder (docs/security.md).
        let policy = try AccessTokenVerifier.Policy(issuer: engine.configuration.issuer, audience: nil, leeway: configuration.leeway)
        let legacy = try configuration.legacySecret.map { try LegacyTokenVerifier(secret: $0, leeway: configuration.leeway) }
        caller = TokenCaller(
            loops: loops, keys: keys, policy: policy, clock: engine.clock, share: share, sharing: configuration.sharing, legacy: legacy)
    }

    /// The public listener.
    var publicRoutes: Routes {
        Routes(
            [
                AuthenticateEndpoint(caller: caller),
                RefreshEndpoint(engine: engine, share: share),
                LoginEndpoint(engine: engine, requirement: configuration.login, share: share),
                LogoutEndpoint(engine: engine, caller: caller),
                OwnSessionsEndpoint(engine: engine, caller: caller),
                EndOwnSessionEndpoint(engine: engine, caller: caller),
                KeySetEndpoint(keys: keys),
                PingEndpoint(),
            ] + poolEndpoints(.credential(engine, caller, configuration.login))
                + upstreamEndpoints(.caller(engine, configuration.login.local)))
    }

    /// The endpoints of pools, under a rule of who may call them.
    private func poolEndpoints(_ rule: PoolGate.Rule) -> [any Endpoint] {
        pools.map { PoolRoom(pools: $0, gate: PoolGate(rule: rule), share: share).endpoints } ?? []
    }

    /// The endpoints of tokens of others, under a rule of who may call them.
    private func upstreamEndpoints(_ rule: UpstreamGate.Rule) -> [any Endpoint] { upstreams?.endpoints(rule, loops) ?? [] }

    /// The reverse proxy of tokens of others, on the public listener.
    var proxy: UpstreamProxy? { upstreams?.proxy(.caller(engine, configuration.login.local), loops, configuration.limits) }

    /// The listener for probes and scrapers.
    var probeRoutes: Routes { Routes(probes) }

    /// The admin listener: probes for every program on this machine, verbs for the holder of the credential.
    var adminRoutes: Routes {
        let credential = AdminCredential(configuration.adminToken)
        func guarded(_ verb: some Endpoint) -> any Endpoint { Guarded(credential: credential, verb: verb) }
        func local(_ endpoint: some Endpoint) -> any Endpoint { LocalEndpoint(inner: endpoint) }
        let all =
            probes + [
                guarded(ListKeysEndpoint(keys: keys)),
                guarded(RotateKeysEndpoint(keys: keys)),
                guarded(RevokeKeyEndpoint(keys: keys)),
                guarded(ListClientsEndpoint(engine: engine)),
                guarded(CreateClientEndpoint(engine: engine)),
                guarded(DeleteClientEndpoint(engine: engine)),
                guarded(SubjectSessionsEndpoint(engine: engine)),
                guarded(EndSessionEndpoint(engine: engine)),
                guarded(RevokeSubjectEndpoint(engine: engine)),
            ] + (poolEndpoints(.administrator) + upstreamEndpoints(.administrator)).map { guarded($0) }
        return Routes(all.map { local($0) })
    }

    private var probes: [any Endpoint] {
        [
            HealthEndpoint(),
            ReadinessEndpoint(probe: readiness, isShared: configuration.sharing != nil),
            MetricsEndpoint(engine: engine, loops: loops, requests: metrics, share: share, sources: sources),
        ]
    }
}
