import HTTPTypes
import TokenClient
import TokenCore

/// `GET /upstreams`: the upstreams that are open to the caller, and how each stands.
struct ListUpstreamsEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/upstreams"
    let room: UpstreamRoom

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard let identity = try await room.gate.identify(request) else { return .clientNeeded }
        let open = room.upstreams.all.compactMap { upstream in upstream.manager(for: identity).map { (upstream, $0.manager.status) } }
        return .upstreams(open)
    }
}
