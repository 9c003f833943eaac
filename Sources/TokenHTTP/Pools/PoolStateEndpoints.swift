import HTTPTypes
import TokenCore
import TokenEngine

/// `GET /pools/{name}/list`: the tokens of a pool by id, without their values (`limit`, `after`).
struct ListPoolTokensEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/pools/{name}/list"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let limit = try request.query.number("limit", in: 1...1_000, default: 100)
        var after: PooledTokenID?
        if let text = request.query["after"] {
            guard let id = PooledTokenID(hex: text) else { throw OAuthError(.invalidRequest, "after is no id of a token.") }
            after = id
        }
        let tokens = try await room.run(request) { [after] () throws(OAuthError) in
            try await room.pools.tokens(of: pool, after: after, limit: limit)
        }
        return .pooled(tokens, limit: limit)
    }
}

/// `POST /pools/{name}/pause`: nothing is assigned for now; whoever waits goes on waiting.
struct PausePoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/pause"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        try await room.turn(pool, .paused, request)
    }
}

/// `POST /pools/{name}/resume`: tokens are assigned again.
struct ResumePoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/resume"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        try await room.turn(pool, .open, request)
    }
}

/// `POST /pools/{name}/drain`: nothing is assigned any more; the pool is drained when nothing is assigned.
struct DrainPoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/drain"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        try await room.turn(pool, .draining, request)
    }
}

/// `POST /pools/{name}/resize {"count":100}`: has the pool so many tokens.
struct ResizePoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/resize"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let count = try PoolBody(request).requiredCount(in: 0...PoolPolicy.mostTokensEver)
        return .resized(try await room.run(request) { () throws(OAuthError) in try await room.pools.resize(pool, to: count) })
    }
}

extension PoolRoom {
    fileprivate func turn(_ pool: PoolName, _ phase: PoolPhase, _ request: Incoming) async throws(OAuthError) -> Reply {
        .pool(pool, try await run(request) { () throws(OAuthError) in try await pools.turn(pool, phase) })
    }
}
