import HTTPTypes
import TokenClient
import TokenCore

/// `GET /upstreams/{name}/token`: the token of somebody else's. With `newer_than` it waits for another than that one, with `wait` so long at most.
///
/// What is there already is answered on the event loop (`UpstreamDesk`); here come the first request of a caller, and whoever waits.
struct UpstreamTokenEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/upstreams/{name}/token"
    /// How long a caller waits for the first token who does not say: longer than most fetches take, shorter than most callers' patience.
    static let patience = Duration.seconds(10)
    /// How long one waits for a newer token who does not say.
    static let longPoll = Duration.seconds(30)
    let room: UpstreamRoom

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let known = request.query["newer_than"]
        let wait = try WaitTime.of(request.query) ?? (known == nil ? Self.patience : Self.longPoll)
        guard let found = try await room.find(request) else { return .clientNeeded }
        guard !found.upstream.isBound else { throw .boundToken(of: found.upstream.name) }
        await remember(found.identity, request)
        let manager = found.manager
        let number = known.map { room.tags.number($0, from: manager) }
        guard let token = try await token(newerThan: number, within: wait, found, request) else {
            return .upstreamUnchanged(tag: manager.current.map { room.tags.tag(of: $0, from: manager) })
        }
        let tag = room.tags.tag(of: token, from: manager)
        if number == nil, Self.holds(request.fields, tag) { return .upstreamUnchanged(tag: tag) }
        return .upstreamToken(token, tag: tag)
    }

    /// The token; nil when the caller knows the newest.
    private func token(
        newerThan number: UInt64?, within wait: Duration, _ found: UpstreamRoom.Found, _ request: Incoming
    ) async throws(OAuthError) -> AccessToken? {
        let manager = found.manager
        if let token = manager.ready(), token.number > number ?? 0 { return token }
        return try await request.connection.untilDeparture { () async throws(OAuthError) in
            do { return try await manager.token(newerThan: number ?? 0, within: wait) } catch TokenManagerError.deadline {
                if number != nil, manager.current != nil { return nil }
                throw .noUpstreamToken(.deadline)
            } catch let error as TokenManagerError { throw .noUpstreamToken(error) } catch {
                throw .unavailable(detail: "the caller has gone, or the server stops")
            }
        }
    }

    /// From now on the caller's event loop answers by itself.
    private func remember(_ identity: UpstreamIdentity, _ request: Incoming) async {
        guard case .client(let id, let name) = identity, let value = request.fields[.authorization] else { return }
        try? await room.loops.on(request.connection.loop) { $0.remember(client: id, name: name, authorization: value) }
    }

    private static func holds(_ fields: HTTPFields, _ tag: String) -> Bool {
        let held = fields[.ifNoneMatch]?.split(separator: ",").map { $0.trimmingBlanks } ?? []
        return held.contains { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }
    }
}

extension OAuthError {
    /// 400: a token that only the server can make proofs for would look like one that is of use.
    fileprivate static func boundToken(of upstream: String) -> OAuthError {
        OAuthError(
            .invalidRequest,
            "The tokens of this upstream are bound to a key that stays here (DPoP). Send requests to /upstreams/\(upstream)/proxy/ in the API's place."
        )
    }

    /// 503 with what the source said; a caller may read an authorization server's words, and not what a command complained about.
    static func noUpstreamToken(_ error: TokenManagerError) -> OAuthError {
        var words = "\(error)"
        if case .failed(let cause, _) = error, case .command(let code, _) = cause.reason {
            words = "The command ended with \(code); the log has its words."
        }
        let wait = error.retryAfter ?? .seconds(1)
        return OAuthError(
            .temporarilyUnavailable, String(words.prefix(400)), detail: "\(error)",
            retryAfter: .seconds(max(1, (wait.wholeMilliseconds + 999) / 1000)))
    }
}
