import HTTPTypes
import TokenCore
import TokenEngine
import TokenValidation

/// Finds out whose access token a request carries: from the loop's cache, or by checking its signature on the task pool.
struct TokenCaller: Sendable {
    let loops: EventLoops
    let keys: KeyKeeper
    let policy: AccessTokenVerifier.Policy
    let clock: any WallClock
    let share: WorkShare
    /// Nil where no other instance shares the store.
    let sharing: TokenServer.Sharing?
    /// Accepts the tokens of the system before; nil unless configured.
    let legacy: LegacyTokenVerifier?

    /// Who calls.
    enum Caller: Sendable {
        /// Nobody says: no bearer token was sent.
        case nobody
        /// The holder of this token.
        case holder(VerifiedToken)
    }

    /// Authenticates a request.
    ///
    /// - Throws: `invalid_token`; `invalid_request` for several Authorization fields; `temporarily_unavailable` when the connection's share
    ///   of work is used up, or
    ///   when revocations have not been heard of for too long.
    func caller(of request: Incoming) async throws(OAuthError) -> Caller {
        guard let token = try Self.token(of: request) else { return .nobody }
        return .holder(try await verified(token, request.connection))
    }

    /// The claims of a legacy token, which can be authenticated with and nothing else; nil when none is configured or this is none.
    func legacyClaims(of request: Incoming) async throws(OAuthError) -> [UInt8]? {
        guard let legacy, let token = try Self.token(of: request) else { return nil }
        let now = clock.now()
        return try await share.run(for: request.connection.id) { () throws(OAuthError) in try? legacy.verify(token, now: now) }
    }

    /// The bearer token of a request; empty for one that is malformed, nil where none was sent.
    private static func token(of request: Incoming) throws(OAuthError) -> [UInt8]? {
        let values = request.fields[values: .authorization]
        guard values.count <= 1 else { throw OAuthError(.invalidRequest, "A request has at most one Authorization field.") }
        guard var value = values.first else { return nil }
        return value.withUTF8 { bytes in
            switch Bearer(bytes) {
            case .absent: nil
            case .malformed: []
            case .token(let token): Array(token)
            }
        }
    }

    private func verified(_ token: [UInt8], _ connection: Incoming.Origin) async throws(OAuthError) -> VerifiedToken {
        guard AccessTokenVerifier.looksLikeToken(token) else { throw .accessTokenNotValid(detail: "not a well-formed token") }
        if sharing?.refusesToJudge(at: clock.now()) == true { throw .revocationsUnknown }
        if let known = try await on(connection, { $0.verified(token) }) {
            do { return try known.get() } catch { throw .accessTokenNotValid(detail: error.description) }
        }
        let verified = try await share.run(for: connection.id) { () throws(OAuthError) in try check(token) }
        // It was checked elsewhere: whether it is accepted is decided on the loop, by what is revoked there and then.
        guard try await on(connection, { $0.admit(verified, bytes: token, keys: keys) }) else {
            throw .accessTokenNotValid(detail: "revoked or expired meanwhile")
        }
        return verified
    }

    private func check(_ token: [UInt8]) throws(OAuthError) -> VerifiedToken {
        let verifier = AccessTokenVerifier(policy: policy, keys: keys.snapshot.verification)
        do { return try verifier.verify(token, now: clock.now()) } catch { throw .accessTokenNotValid(detail: error.description) }
    }

    private func on<Value: Sendable>(
        _ connection: Incoming.Origin, _ body: @escaping @Sendable (LoopState) -> Value
    ) async throws(OAuthError) -> Value {
        do { return try await loops.on(connection.loop, body) } catch { throw .unavailable(detail: "the event loop is shut down") }
    }
}
