import HTTPTypes
import JOSE
import TokenClient
import TokenCore

/// `POST /upstreams/{name}/invalidate {"access_token":"…"}`: the caller found out that this token is not accepted any more.
///
/// Only the token that is served is replaced, so that fifty callers who find out together cause one fetch; the answer is the same for any other.
struct InvalidateUpstreamEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/upstreams/{name}/invalidate"
    let room: UpstreamRoom

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard let found = try await room.find(request) else { return .clientNeeded }
        // Whoever administers may not know the token: without one the current is meant.
        if found.identity == .administrator, request.body.isEmpty {
            if let token = found.manager.current { found.manager.invalidate(token) }
        } else {
            found.manager.invalidate(value: try JSONBody(request).string("access_token"))
        }
        return .json { $0.member("upstream", found.upstream.name) }
    }
}
