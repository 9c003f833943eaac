import JOSE

/// Any bytes: a token parses or throws, and one that parses has exactly one spelling.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJWS(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let token = try? JWS(parsing: bytes) {
        let input = Array(token.signingInput)
        let payload = Base64URL.encode(token.payload)
        precondition(input.suffix(payload.count) == payload[...])
        precondition(input + [UInt8(ascii: ".")] + Base64URL.encode(token.signature) == bytes)
        precondition(!token.header.parameters.contains("crit"))
        if let claims = try? JWTClaims(parsing: token.payload) {
            precondition(claims.expiry.map { $0.floor <= $0.ceiling } ?? true)
        }
    }
    if let set = try? JWKSet(parsing: bytes) {
        precondition((try? JWKSet(parsing: set.serialized).keys) == set.keys)
        for key in set.keys { _ = try? VerificationKey(jwk: key) }
    }
    return 0
}
