import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `GET /keys`: every signing key with its state, and what still needs each seal key.
struct ListKeysEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/keys"
    let keys: KeyKeeper

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let ring = keys.snapshot.ring
        let seals = try await administering { () throws(KeyKeeperError) in try await keys.sealUsage() }
        return .json { json in
            json.name("keys")
            json.array { json in
                for key in ring.keys { json.object { key.write(to: &$0, policy: keys.policy) } }
            }
            json.name("seal")
            json.array { json in
                for seal in seals { json.object { seal.write(to: &$0) } }
            }
        }
    }
}

/// `POST /keys/rotate`: has the published key sign, now or as soon as it has been visible long enough. Repeating it changes nothing more.
struct RotateKeysEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/keys/rotate"
    let keys: KeyKeeper

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let rotation = try await administering { () throws(KeyKeeperError) in try await keys.rotate() }
        return .json { json in
            switch rotation {
            case .done:
                json.member("rotation", "done")
            case .scheduled(let time):
                json.member("rotation", "scheduled")
                json.member("at", time.rfc3339)
            }
        }
    }
}

/// `POST /keys/{kid}/revoke`: in an emergency. Once answered, no loop accepts what the key signed. Repeating it is harmless.
struct RevokeKeyEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/keys/{kid}/revoke"
    let keys: KeyKeeper

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let missing = OAuthError(.notFound, "There is no such key.")
        guard let id = KeyID(request.parameter) else { throw missing }
        let revocation = try await administering { () throws(KeyKeeperError) in try await keys.revoke(id) }
        if revocation == .unknown { throw missing }
        return .ended(id.text)
    }
}

/// The border between the keeper's words and the protocol's.
private func administering<Value>(_ body: () async throws(KeyKeeperError) -> Value) async throws(OAuthError) -> Value {
    do { return try await body() } catch { throw .unavailable(detail: error.description) }
}

extension RingKey {
    /// Its members, nothing private among them.
    fileprivate func write(to json: inout JSONWriter, policy: KeyPolicy) {
        json.member("kid", id.text)
        json.member("algorithm", algorithm)
        json.member("state", stateName)
        json.member("created_at", createdAt.rfc3339)
        json.member("state_since", since.rfc3339)
        json.name("next_state_at")
        if let next = nextState(policy) { json.value(next.rfc3339) } else { json.null() }
    }

    /// When its state ends by itself, as far as time alone decides.
    private func nextState(_ policy: KeyPolicy) -> UnixTime? {
        switch state {
        case .staged: nil
        case .published(_, let since): since + policy.publishAhead
        case .signing(_, let since, _): policy.rotateEvery.map { since + $0 }
        case .verifying(_, let until): until
        case .retired(let since, _): since + policy.remembered
        }
    }
}

extension SealUsage {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("number", Int64(number.value))
        json.member("in_file", isInFile)
        json.member("current", isCurrent)
        json.member("signing_keys", Int64(signingKeys))
        json.member("client_secrets", Int64(clientSecrets))
        json.member("pool_secrets", Int64(poolSecrets))
        json.name("sessions_until")
        if let sessionsUntil { json.value(sessionsUntil.rfc3339) } else { json.null() }
        json.member("dispensable", isDispensable)
    }
}
