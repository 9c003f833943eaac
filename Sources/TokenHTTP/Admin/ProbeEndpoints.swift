import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `GET /healthz`: the process serves.
struct HealthEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/healthz"

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply { .json { $0.member("status", "ok") } }
}

/// `GET /readyz`: the store writes, a key signs and the clock is right; else 503 and which of them is not.
///
/// Instances that share a store lose it together. One that can still validate stays ready then, degraded, or a load balancer would take all of them
/// out; `?for=issue` asks whether it can issue as well.
struct ReadinessEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/readyz"
    let probe: ReadinessProbe
    /// Whether other instances share the store.
    let isShared: Bool

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let asksForIssuing = try asksForIssuing(request.query)
        let readiness = await probe.verdict()
        let isReady = readiness.isReady || (isShared && !asksForIssuing && readiness.canValidate)
        return .json(status: isReady ? .ok : .unavailable) { json in
            json.member("status", isReady ? "ready" : "not_ready")
            if isReady, !readiness.canIssue { json.member("degraded", "issuing") }
            json.member("store", readiness.storeFailure == nil ? "ok" : "cannot_write")
            json.member("signing_key", readiness.canSign ? "ok" : "missing")
            json.member("clock", readiness.clockIsBehind ? "behind" : "ok")
            if isShared { json.member("revocations", readiness.isStale ? "stale" : "ok") }
        }
    }

    private func asksForIssuing(_ query: Query) throws(OAuthError) -> Bool {
        switch query["for"] {
        case nil, "validate": false
        case "issue": true
        default: throw OAuthError(.invalidRequest, "Readiness is asked for issue or for validate.")
        }
    }
}
