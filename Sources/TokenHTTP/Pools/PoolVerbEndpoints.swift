import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `POST …/generate {"count":10}`: makes tokens, all or none.
struct GenerateEndpoint<Place: PoolPath>: PoolEndpoint {
    static var method: HTTPRequest.Method { .post }
    static var path: String { Place.path("generate") }
    static var need: PoolAccess { .manage }
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let count = try PoolBody(request).requiredCount(in: 1...TokenPools.mostGenerated)
        return .generated(try await room.run(request) { () throws(OAuthError) in try await room.pools.generate(count, in: pool) })
    }
}

/// `POST …/assign`: takes out a token, or with `count` so many, all or none; with `wait` in its turn.
struct AssignEndpoint<Place: PoolPath>: PoolEndpoint {
    static var method: HTTPRequest.Method { .post }
    static var path: String { Place.path("assign") }
    static var need: PoolAccess { .use }
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let body = try PoolBody(optional: request)
        let count = try body.count(in: 1...PoolClaim.mostTokens)
        let wait = try WaitTime.of(request.query, body).flatMap { $0 > .zero ? $0 : nil }
        let claim = PoolClaim(holder: try body.holder(default: holder), count: count ?? 1, waits: wait != nil)
        let claimed = try await room.run(request) { () throws(OAuthError) in try await room.pools.claim(claim, in: pool) }
        switch claimed {
        case .taken(let tokens): return .assigned(tokens, isBatch: count != nil)
        case .waiting(let place):
            // Whoever waits is at no work: the share is free for others.
            let tokens = try await request.connection.untilDeparture { () async throws(OAuthError) in
                try await room.pools.wait(at: place, atMost: wait ?? .zero)
            }
            return .assigned(tokens, isBatch: count != nil)
        }
    }
}

/// `POST …/keep-alive {"token":"…"}`: a sign of life.
struct KeepAliveEndpoint<Place: PoolPath>: PoolEndpoint {
    static var method: HTTPRequest.Method { .post }
    static var path: String { Place.path("keep-alive") }
    static var need: PoolAccess { .use }
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let body = try PoolBody(request)
        let (token, lease) = (try body.token(), try body.lease())
        return .alive(try await room.run(request) { () throws(OAuthError) in try await room.pools.keepAlive(token, lease: lease, in: pool) })
    }
}

/// `POST …/unblock {"token":"…"}`: gives a token back.
struct UnblockEndpoint<Place: PoolPath>: PoolEndpoint {
    static var method: HTTPRequest.Method { .post }
    static var path: String { Place.path("unblock") }
    static var need: PoolAccess { .use }
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let body = try PoolBody(request)
        let (token, lease) = (try body.token(), try body.lease())
        return .resting(try await room.run(request) { () throws(OAuthError) in try await room.pools.release(token, lease: lease, in: pool) })
    }
}

/// `DELETE …/delete {"token":"…"}`: takes a token out for ever.
struct DeleteTokenEndpoint<Place: PoolPath>: PoolEndpoint {
    static var method: HTTPRequest.Method { .delete }
    static var path: String { Place.path("delete") }
    static var need: PoolAccess { .manage }
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let body = try PoolBody(request)
        let (token, lease) = (try body.reference(), try body.lease())
        try await room.run(request) { () throws(OAuthError) in try await room.pools.delete(token, lease: lease, in: pool) }
        return .json { $0.member("deleted", true) }
    }
}
