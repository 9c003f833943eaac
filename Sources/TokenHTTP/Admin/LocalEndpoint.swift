import HTTPTypes
import TokenCore

/// An endpoint of the admin listener, which is on a loopback address: no web page reaches it, neither by this machine's name nor by its own
/// that was rebound (the page's part of `LocalCaller`). Probes need no credential and are kept from pages too, because they cost something.
struct LocalEndpoint<Inner: Endpoint>: Endpoint {
    static var method: HTTPRequest.Method { Inner.method }
    static var path: String { Inner.path }
    let inner: Inner

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        if let refusal = LocalCaller.refusalOfPage(authority: request.authority, fields: request.fields) { throw refusal.error }
        return try await inner.answer(request)
    }
}
