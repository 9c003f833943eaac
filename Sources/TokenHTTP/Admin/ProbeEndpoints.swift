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
struct ReadinessEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/readyz"
    let probe: ReadinessProbe

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let readiness = await probe.verdict()
        return .json(status: readiness.isReady ? .ok : .unavailable) { json in
            json.member("status", readiness.isReady ? "ready" : "not_ready")
            json.member("store", readiness.storeFailure == nil ? "ok" : "cannot_write")
            json.member("signing_key", readiness.canSign ? "ok" : "missing")
            json.member("clock", readiness.clockIsBehind ? "behind" : "ok")
        }
    }
}
