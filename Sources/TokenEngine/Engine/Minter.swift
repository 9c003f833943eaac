import JOSE
import TokenCore
import TokenSealing

/// Makes the pair of an order. Signing comes before the commit: signing that fails must not rotate.
struct Minter: Sendable {
    /// The `iss` of every access token (RFC 9068 section 2.2).
    let issuer: String
    /// The `aud` of access tokens whose login named none.
    let audience: String
    let sealer: RefreshTokenSealer
    let keys: any SignerSource

    /// Both tokens.
    ///
    /// - Throws: `invalid_request` when the access token would be longer than anybody who verifies it would look at;
    ///   `temporarily_unavailable` when nothing can be signed.
    func mint(_ order: PairOrder) async throws(OAuthError) -> TokenPair {
        guard let signer = keys.signer else { throw .unavailable(detail: "no key signs") }
        do {
            let access = try await signer.sign(payload(order))
            guard access.count <= JWS.longest else {
                throw OAuthError(.invalidRequest, "The access token would be too long.", detail: "\(access.count) bytes")
            }
            return TokenPair(
                access: access, refresh: try refreshToken(order), expiresIn: order.expiresAt.seconds - order.issuedAt.seconds,
                session: order.session)
        } catch let error as OAuthError {
            throw error
        } catch {
            throw .unavailable(detail: "signing failed: \(error)")
        }
    }

    private func refreshToken(_ order: PairOrder) throws(OAuthError) -> [UInt8] {
        do {
            return try sealer.mint(family: order.session, generation: order.generation, seal: order.seal, salt: order.salt)
        } catch {
            throw .unavailable(detail: "seal key \(order.seal.value) is missing")
        }
    }

    /// The claims: those of RFC 9068 section 2.2, the session's `sid`, the caller's `user_id` as given, then the caller's own.
    private func payload(_ order: PairOrder) -> [UInt8] {
        var json = JSONWriter(capacity: 320 + order.attributes.claims.count)
        json.object { json in
            json.member("iss", issuer)
            json.member("sub", order.subject.text)
            json.member("aud", order.attributes.audience ?? audience)
            json.member("exp", order.expiresAt.seconds)
            json.member("iat", order.issuedAt.seconds)
            json.name("jti")
            json.value(Base64URL.string(order.tokenID))
            json.member("sid", order.session.description)
            if order.subject.isInteger, let number = Int64(order.subject.text) {
                json.member("user_id", number)
            } else {
                json.member("user_id", order.subject.text)
            }
            if let client = order.client { json.member("client_id", client.text) }
            if let scope = order.attributes.scope { json.member("scope", scope) }
            if !order.attributes.claims.isEmpty { json.raw(order.attributes.claims) }
        }
        return json.bytes
    }
}
