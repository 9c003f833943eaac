/// Why a token, a key or a key set was not accepted, or a key could not be used.
///
/// No case carries bytes of a key, a signature or a payload; what comes from the other side is bounded in length.
public enum JOSEError: Error, Sendable, Hashable {
    /// Not the one canonical base64url spelling: padding, white space, a foreign character or loose bits.
    case malformedBase64URL
    /// JSON that the strict reader refuses.
    case malformedJSON(JSONError)
    /// Not three base64url parts with two dots between them; also the JSON serializations of a JWS.
    case notCompact
    /// Longer than the limit, in bytes.
    case tooLarge(limit: Int)
    /// A header parameter is absent, of the wrong JSON type or too long.
    case malformedHeader(String)
    /// The payload is JSON, but not an object.
    case malformedClaims
    /// The header has a `crit` parameter: no extension is understood here, so each one is refused (RFC 7515 section 4.1.11).
    case criticalHeader
    /// The header names another algorithm than the one the key is for.
    case algorithmMismatch(key: Algorithm)
    /// The signature is not one of this key over these bytes.
    case invalidSignature
    /// The algorithm cannot do what was asked: `HS256` only verifies, and has no public form.
    case unsupportedAlgorithm(Algorithm)
    /// A key of a type, curve or algorithm that is not in the table.
    case unsupportedKey
    /// A member of a key is absent, of the wrong type or length, off the curve or otherwise out of range.
    case malformedKey(String)
    /// An RSA modulus below 2048 bits or an HMAC secret below 32 bytes.
    case weakKey
    /// A key that is meant to be public has a private member.
    case privateMember
    /// A key whose `use` or `key_ops` say that it is not for verifying signatures.
    case notForSignatures
    /// An RSA key that does not say, and is not told, which of its algorithms it is for.
    case algorithmNotStated
    /// Two keys of one set have the same `kid`.
    case duplicateKeyID
    /// The cryptographic library refused to sign or to generate.
    case signingFailed
    /// A leeway outside 0...60 seconds.
    case leewayOutOfRange
}
