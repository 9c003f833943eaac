import HTTPTypes
import TokenCore
import TokenEngine

/// What the endpoints of pools have in common.
struct PoolRoom: Sendable {
    let pools: TokenPools
    let gate: PoolGate
    let share: WorkShare

    /// Does work for a request within its connection's share.
    func run<Value: Sendable>(_ request: Incoming, _ work: () async throws(OAuthError) -> Value) async throws(OAuthError) -> Value {
        try await share.run(for: request.connection.id, work)
    }
}

/// A verb of one pool: who may call it, and what it does once the caller is known.
protocol PoolEndpoint: Endpoint {
    /// What its caller must be allowed.
    static var need: PoolAccess { get }
    /// Where it works.
    var room: PoolRoom { get }
    /// Does it.
    ///
    /// - Parameter holder: the caller's own name.
    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply
}

extension PoolEndpoint {
    /// Whoever may not use a pool does not learn whether it is there.
    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let pool = request.parameter.isEmpty ? PoolName.usual : PoolName(request.parameter)
        guard let pool else { throw OAuthError(.notFound, "There is no such pool.") }
        guard let holder = try await room.gate.admit(request, to: pool, for: Self.need) else { return .credentialsMissing }
        return try await answer(request, pool: pool, holder: holder)
    }
}

/// Under which path the verbs of a pool stand.
protocol PoolPath: Sendable {
    static func path(_ verb: String) -> String
}

/// The pool `default`, under the paths that services of this kind have.
enum UsualPool: PoolPath {
    static func path(_ verb: String) -> String { "/tokens/" + verb }
}

/// A pool by its name.
enum NamedPool: PoolPath {
    static func path(_ verb: String) -> String { "/pools/{name}/" + verb }
}

extension PoolRoom {
    /// Every endpoint of pools.
    var endpoints: [any Endpoint] {
        verbs(UsualPool.self) + verbs(NamedPool.self) + [
            ListPoolsEndpoint(room: self), ShowPoolEndpoint(room: self), PutPoolEndpoint(room: self), CreatePoolEndpoint(room: self),
            ChangePoolEndpoint(room: self), RemovePoolEndpoint(room: self), PoolStatisticsEndpoint(room: self), ListPoolTokensEndpoint(room: self),
            PausePoolEndpoint(room: self), ResumePoolEndpoint(room: self), DrainPoolEndpoint(room: self), ResizePoolEndpoint(room: self),
            ReportEndpoint(room: self), RestoreEndpoint(room: self), ImportEndpoint(room: self),
        ]
    }

    /// The five that every pool has in common.
    private func verbs(_ place: (some PoolPath).Type) -> [any Endpoint] {
        func five<Place: PoolPath>(_ place: Place.Type) -> [any Endpoint] {
            [
                GenerateEndpoint<Place>(room: self), AssignEndpoint<Place>(room: self), KeepAliveEndpoint<Place>(room: self),
                UnblockEndpoint<Place>(room: self), DeleteTokenEndpoint<Place>(room: self),
            ]
        }
        return five(place)
    }
}
