import FuzzDriver
import JOSE

/// Any bytes as a token, as claims and as a key set.
@main
enum FuzzJWS {
    static func main() {
        _ = fuzz { data, count in
            let bytes = Array(UnsafeBufferPointer(start: data, count: count))
            FuzzJWS.token(bytes)
            FuzzJWS.keySet(bytes)
            return 0
        }
    }

    /// A token is refused, or has exactly one spelling.
    static func token(_ bytes: [UInt8]) {
        guard let token = try? JWS(parsing: bytes) else { return }
        precondition(!token.header.parameters.contains("crit"))
        let payload = Base64URL.encode(token.payload)
        precondition(token.signingInput.suffix(payload.count).elementsEqual(payload))
        precondition(Array(token.signingInput) + [UInt8(ascii: ".")] + Base64URL.encode(token.signature) == bytes)
        guard let claims = try? JWTClaims(parsing: token.payload), let expiry = claims.expiry else { return }
        precondition(0...NumericDate.latest ~= expiry.floor && expiry.ceiling - expiry.floor <= 1)
    }

    /// A set is refused, or reads back as it was written; its keys are imported or refused.
    static func keySet(_ bytes: [UInt8]) {
        guard let set = try? JWKSet(parsing: bytes) else { return }
        precondition((try? JWKSet(parsing: set.serialized).keys) == set.keys)
        for key in set.keys { _ = try? VerificationKey(jwk: key) }
    }
}
