import JOSE
import TokenClient
import TokenCore

extension Reply {
    /// A token of somebody else's, in the form in which it was issued (RFC 6749 section 5.1).
    static func upstreamToken(_ token: AccessToken, tag: String) -> Reply {
        .json { json in
            json.member("access_token", token.value)
            json.member("token_type", token.type)
            if let left = token.timeLeft { json.member("expires_in", max(0, left.wholeMilliseconds / 1000)) }
            if let scope = token.scope { json.member("scope", scope) }
        }.adding("ETag", tag)
    }

    /// Upstreams and how each stands.
    static func upstreams(_ all: [(upstream: Upstream, status: TokenStatus)]) -> Reply {
        .json { json in
            json.name("upstreams")
            json.array { json in
                for (upstream, status) in all { json.object { json in write(upstream, status, to: &json) } }
            }
        }
    }

    private static func write(_ upstream: Upstream, _ status: TokenStatus, to json: inout JSONWriter) {
        json.member("upstream", upstream.name)
        json.member("source", upstream.source)
        json.member("state", status.state)
        if let time = status.refreshedAt { json.member("refreshed_at", time.rfc3339) }
        if let left = status.token?.timeLeft { json.member("expires_in", max(0, left.wholeMilliseconds / 1000)) }
        if let next = status.nextRefresh { json.member("next_refresh_in", next.wholeMilliseconds / 1000) }
        json.member("fetches", Int64(clamping: status.fetches))
        json.member("failures", Int64(status.failures))
        if let error = status.lastError { json.member("last_error", OAuthError.noUpstreamToken(error).description) }
        json.member("waiting", Int64(status.waiting))
    }
}

extension TokenStatus {
    /// One word: `fresh` with a token, `failing` with one that could not be replaced so far, `fetching` while the first is awaited, `unavailable`
    /// when there is none, `idle` when nobody has asked yet.
    var state: String {
        if token != nil { return lastError == nil ? "fresh" : "failing" }
        if isFetching { return "fetching" }
        return lastError == nil ? "idle" : "unavailable"
    }
}
