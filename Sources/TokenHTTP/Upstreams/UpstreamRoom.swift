import HTTPTypes
import TokenClient
import TokenCore

/// What the endpoints of upstreams have in common.
struct UpstreamRoom: Sendable {
    let upstreams: Upstreams
    let gate: UpstreamGate
    let loops: EventLoops
    let tags: UpstreamTags

    /// Every endpoint of upstreams.
    var endpoints: [any Endpoint] {
        [UpstreamTokenEndpoint(room: self), InvalidateUpstreamEndpoint(room: self), ListUpstreamsEndpoint(room: self)]
    }

    /// The upstream that a request names, and the caller's place in it.
    ///
    /// - Returns: nil when credentials are needed and none were sent.
    /// - Throws: `not_found` alike for what is not there and for what is not the caller's; as `UpstreamGate.identify`.
    func find(_ request: Incoming) async throws(OAuthError) -> Found? {
        guard let identity = try await gate.identify(request) else { return nil }
        guard let place = upstreams.place(of: request.parameter), let own = upstreams.all[place].manager(for: identity) else {
            throw .upstreamNotFound
        }
        return Found(identity: identity, upstream: upstreams.all[place], manager: own.manager)
    }

    /// What a request is about.
    struct Found: Sendable {
        let identity: UpstreamIdentity
        let upstream: Upstream
        let manager: TokenManager
    }
}

/// Names for tokens that say nothing of them: which run of the server, which manager and which of its fetches.
struct UpstreamTags: Sendable {
    /// Tells this run from every other, whose numbers begin anew.
    private let run: String

    init() { run = String(UInt64.random(in: .min ... .max), radix: 36) }

    /// The entity tag of a token.
    func tag(of token: AccessToken, from manager: TokenManager) -> String { "\"\(run)-\(manager.serial)-\(token.number)\"" }

    /// The number of the token that a tag names, with or without its quotes; 0 for one of another manager or run, which every token is newer than.
    func number(_ text: String, from manager: TokenManager) -> UInt64 {
        let words = text.filter { $0 != "\"" }.split(separator: "-")
        guard words.count == 3, words[0] == run, words[1] == "\(manager.serial)" else { return 0 }
        return UInt64(words[2]) ?? 0
    }
}
