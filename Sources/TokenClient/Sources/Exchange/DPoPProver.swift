public import JOSE
import Synchronization
import TokenCore

/// Makes the proofs that bind tokens to a key (RFC 9449), and remembers the nonces that servers ask for.
///
/// One serves a source and whoever uses its tokens, for as long as the tokens are to be shared: the key is a part of their identity.
public final class DPoPProver: Sendable {
    private let key: SigningKey
    /// The last nonce of each server, by its origin. Guarded for a look-up.
    private let nonces = Mutex<[String: String]>([:])
    /// More servers than a program talks to with one key; beyond that they are asked for a nonce again.
    private static let mostServers = 256

    /// A prover with this key; `ES256` is what every server knows.
    public init(_ key: SigningKey) { self.key = key }

    /// The thumbprint of the public key (`jkt`, RFC 9449 section 6.1).
    public var thumbprint: String { key.publicJWK.thumbprint }

    /// A proof for one request.
    ///
    /// - Parameters:
    ///   - url: absolute; its query and fragment do not count (RFC 9449 section 4.2).
    ///   - token: the access token that the request carries; nil at a token endpoint.
    /// - Throws: `.misconfigured` if the key does not sign.
    public func proof(method: String, url: String, token: String? = nil) throws(TokenSourceError) -> String {
        try proof(method: method, url: url, token: token, now: Moment.read().wall)
    }

    func proof(method: String, url: String, token: String?, now: UnixTime) throws(TokenSourceError) -> String {
        var claims = JSONObject()
        claims["jti"] = .string(JWTText.freshID())
        claims["htm"] = .string(method)
        claims["htu"] = .string(String(url.prefix { $0 != "?" && $0 != "#" }))
        claims["iat"] = .integer(now.seconds)
        if let token { claims["ath"] = .string(Digest.sha256(Array(token.utf8))) }
        if let nonce = nonces.withLock({ $0[Self.origin(of: url)] }) { claims["nonce"] = .string(nonce) }
        return String(decoding: try JWTText.sign(claims, type: "dpop+jwt", header: ("jwk", jwk), with: key), as: UTF8.self)
    }

    /// Remembers a nonce for the next request to the same server (RFC 9449 section 8.2).
    public func remember(nonce: String, of url: String) {
        guard (1...256).contains(nonce.utf8.count) else { return }
        let origin = Self.origin(of: url)
        nonces.withLock { nonces in
            if nonces.count >= Self.mostServers, nonces[origin] == nil { nonces.removeAll() }
            nonces[origin] = nonce
        }
    }

    /// The members that make the key, and no others: a proof holds no `kid` and nothing private.
    private var jwk: JSONValue {
        let material = JWK(key.publicJWK.material, keyID: nil, algorithm: nil)
        guard let object = (try? JSONValue(parsing: material.serialized))?.object else { preconditionFailure("a public key is no JSON") }
        var kept = object
        kept["use"] = nil
        return .object(kept)
    }

    private static func origin(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let end = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        return url[..<end].lowercased()
    }
}
