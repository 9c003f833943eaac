import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `POST /pools/{name}/report {"token","lease","outcome":"429","retry_after":30}`: how it went with a token.
struct ReportEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/report"
    static let need = PoolAccess.use
    let room: PoolRoom
    /// A year, as everything of a policy.
    private static let longestRest = 366 * 86_400

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let body = try PoolBody(request)
        let token = try body.token()
        guard let lease = try body.lease() else { throw OAuthError(.invalidRequest, "The body lacks a member: lease.") }
        let failed = try Self.isFailure(body["outcome"])
        let rest = Duration.seconds(try body.count("retry_after", in: 0...Self.longestRest) ?? 0)
        return .reported(
            try await room.run(request) { () throws(OAuthError) in
                try await room.pools.report(token, lease: lease, failed: failed, rest: rest, in: pool)
            })
    }

    /// `ok`, and a status of HTTP below 400, tell of a success; every other word of a failure.
    private static func isFailure(_ outcome: JSONValue?) throws(OAuthError) -> Bool {
        let word: String
        switch outcome {
        case .string(let text)?: word = text
        case .integer(let status)?: word = String(status)
        default: throw OAuthError(.invalidRequest, "outcome must be ok, a status such as 429, or a word.")
        }
        guard (1...64).contains(word.utf8.count) else { throw OAuthError(.invalidRequest, "outcome must be 1 to 64 bytes.") }
        if let status = Int(word) {
            guard (100...599).contains(status) else { throw OAuthError(.invalidRequest, "outcome is no status of HTTP.") }
            return status >= 400
        }
        return word != "ok"
    }
}

/// `POST /pools/{name}/restore {"token":"…"}`, or `{"id":"…"}`: a token that was set aside is free again.
struct RestoreEndpoint: PoolEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/restore"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        let token = try PoolBody(request).reference()
        try await room.run(request) { () throws(OAuthError) in try await room.pools.restore(token, in: pool) }
        return .json { $0.member("restored", true) }
    }
}
