import HTTPTypes
import TokenCore
import TokenEngine

/// `GET /.well-known/jwks.json`: the public keys (RFC 7517), which caches may keep.
struct KeySetEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/.well-known/jwks.json"
    let keys: KeyKeeper

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let keys = keys.snapshot
        let held = request.fields[.ifNoneMatch]?.split(separator: ",").map { $0.trimmingBlanks } ?? []
        let isCurrent = held.contains { $0 == "*" || $0 == keys.etag || $0 == "W/\(keys.etag)" }
        return .keySet(keys.document, etag: keys.etag, maxAge: keys.maxAge, isCurrent: isCurrent)
    }
}
