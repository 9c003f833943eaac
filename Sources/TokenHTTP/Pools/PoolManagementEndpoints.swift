import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `GET /pools`: the pools that the caller may use, with their standing, by name (`limit`, `after`).
struct ListPoolsEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/pools"
    let room: PoolRoom

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard try await room.gate.admit(request, to: nil, for: .use) != nil else { return .credentialsMissing }
        let limit = try request.query.number("limit", in: 1...100, default: 100)
        var after: PoolName?
        if let text = request.query["after"] {
            guard let name = PoolName(text) else { throw OAuthError(.invalidRequest, "after is no name of a pool.") }
            after = name
        }
        let pools = try await room.run(request) { [after] () throws(OAuthError) in try await page(after: after, limit) }
        return .json { json in
            json.name("pools")
            json.array { json in
                for (name, statistics) in pools.rows { json.object { statistics.write(to: &$0, of: name) } }
            }
            json.name("next")
            if let next = pools.next { json.value(next.text) } else { json.null() }
        }
    }

    private func page(after: PoolName?, _ limit: Int) async throws(OAuthError) -> (rows: [(PoolName, PoolStatistics)], next: PoolName?) {
        let names = try await room.pools.names(after: after, limit: limit)
        var rows: [(PoolName, PoolStatistics)] = []
        for name in names {
            do throws(OAuthError) { rows.append((name, try await room.pools.statistics(of: name))) } catch {
                // Removed since its name was read.
                guard error.code == .notFound else { throw error }
            }
        }
        return (rows, names.count == limit ? names.last : nil)
    }
}

/// `GET /pools/{name}`: how a pool stands.
struct ShowPoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/pools/{name}"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        .pool(pool, try await room.run(request) { () throws(OAuthError) in try await room.pools.statistics(of: pool) })
    }
}

/// `GET /pools/{name}/stats`: the same.
struct PoolStatisticsEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/pools/{name}/stats"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        .pool(pool, try await room.run(request) { () throws(OAuthError) in try await room.pools.statistics(of: pool) })
    }
}

/// `POST /pools/{name}`: makes a pool. With the same policy it may be repeated.
struct CreatePoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let policy = try PoolPolicyBody.read(PoolRoom.policyMembers(request), over: PoolPolicy())
        return try await room.run(request) { () throws(OAuthError) in
            let isNew = try await room.pools.create(pool, policy)
            return .pool(pool, try await room.pools.statistics(of: pool), isNew: isNew)
        }
    }
}

/// `PUT /pools/{name}`: a pool with exactly this policy, whether there was one or not.
struct PutPoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.put
    static let path = "/pools/{name}"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let policy = try PoolPolicyBody.read(PoolRoom.policyMembers(request), over: PoolPolicy())
        try PoolRoom.refuseConfigured(pool)
        return try await room.run(request) { () throws(OAuthError) in
            var isNew = false
            do throws(OAuthError) { isNew = try await room.pools.create(pool, policy) } catch {
                guard error.code == .conflict else { throw error }
                try await room.pools.change(pool, to: policy)
            }
            return .pool(pool, try await room.pools.statistics(of: pool), isNew: isNew)
        }
    }
}

/// `PATCH /pools/{name}`: changes what it names of a pool's policy.
struct ChangePoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.patch
    static let path = "/pools/{name}"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let members = try PoolRoom.policyMembers(request)
        try PoolRoom.refuseConfigured(pool)
        return try await room.run(request) { () throws(OAuthError) in
            let policy = try PoolPolicyBody.read(members, over: try await room.pools.statistics(of: pool).policy)
            try await room.pools.change(pool, to: policy)
            return .pool(pool, try await room.pools.statistics(of: pool))
        }
    }
}

/// `DELETE /pools/{name}`: removes a pool with all its tokens.
struct RemovePoolEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.delete
    static let path = "/pools/{name}"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        try PoolRoom.refuseConfigured(pool)
        try await room.run(request) { () throws(OAuthError) in try await room.pools.remove(pool) }
        return .json { $0.member("removed", pool.text) }
    }
}

extension PoolRoom {
    /// The policy in a body; without one it names nothing.
    fileprivate static func policyMembers(_ request: Incoming) throws(OAuthError) -> JSONObject {
        request.body.isEmpty ? JSONObject() : try JSONBody(request).object
    }

    /// What the configuration says is said there: the next start would undo a change.
    fileprivate static func refuseConfigured(_ pool: PoolName) throws(OAuthError) {
        guard pool == .usual else { return }
        throw OAuthError(.conflict, "The pool default is made and changed by the configuration.")
    }
}
