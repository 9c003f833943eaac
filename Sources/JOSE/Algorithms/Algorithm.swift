/// The signature algorithms Mintmark knows, by their registered names (RFC 7518 section 3.1, RFC 8037, RFC 9964).
///
/// There is no `none`, and what is not in this list cannot be reached by any header. What each one does is its row
/// of the table, `AlgorithmRow`.
public enum Algorithm: String, Sendable, CaseIterable, Hashable {
    /// ECDSA with P-256 and SHA-256; what is used unless told otherwise.
    case es256 = "ES256"
    /// ECDSA with P-384 and SHA-384.
    case es384 = "ES384"
    /// Ed25519; the other EdDSA curves are not supported.
    case edDSA = "EdDSA"
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// RSASSA-PSS with SHA-256 and a salt as long as the hash.
    case ps256 = "PS256"
    /// ML-DSA-65 (FIPS 204).
    case mlDSA65 = "ML-DSA-65"
    /// ML-DSA-87 (FIPS 204).
    case mlDSA87 = "ML-DSA-87"
    /// HMAC with SHA-256, for the verification of tokens that another system once issued. It does not sign.
    case hs256 = "HS256"
}
