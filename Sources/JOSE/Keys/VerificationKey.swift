/// A public key, checked and imported once, together with the one algorithm it is for.
///
/// The key decides the algorithm. A token's header is only ever compared with it (RFC 8725 section 3.1).
public struct VerificationKey: Sendable {
    /// The algorithm this key verifies.
    public let algorithm: Algorithm
    /// The key's `kid`, or its thumbprint if it has none.
    public let keyID: String
    /// The public key as JSON; nil for an HMAC secret, which has no public form.
    public let jwk: JWK?
    private let primitive: any PublicPrimitive

    /// Imports a key that says, by type or by `alg`, what it is for.
    ///
    /// - Throws: `.algorithmNotStated` for an RSA key without `alg`; `.malformedKey` for a point off the curve or a member
    ///   of the wrong length; `.weakKey` for RSA below 2048 bits.
    public init(jwk: JWK) throws(JOSEError) {
        guard let algorithm = jwk.algorithm ?? jwk.material.onlyAlgorithm else { throw .algorithmNotStated }
        try self.init(jwk: jwk, algorithm: algorithm)
    }

    /// Imports a key for an algorithm that a configuration names.
    ///
    /// - Throws: `.malformedKey("alg")` if the key is not one for this algorithm; else as `init(jwk:)`.
    public init(jwk: JWK, algorithm: Algorithm) throws(JOSEError) {
        guard jwk.algorithm == nil || jwk.algorithm == algorithm, jwk.material.fits(algorithm),
            let primitive = try algorithm.row.importPublic(jwk.material)
        else { throw .malformedKey("alg") }
        self.algorithm = algorithm
        self.keyID = jwk.keyID ?? jwk.thumbprint
        self.jwk = jwk
        self.primitive = primitive
    }

    /// A shared secret for `HS256` tokens of another system.
    ///
    /// - Parameters:
    ///   - hmacSecret: at least 32 bytes. It is taken as it is, so text that was meant as base64 is decoded by the caller.
    ///   - keyID: what the configuration calls it.
    /// - Throws: `.weakKey` for a shorter secret.
    public init(hmacSecret: [UInt8], keyID: String) throws(JOSEError) {
        self.algorithm = .hs256
        self.keyID = keyID
        self.jwk = nil
        self.primitive = try HS256Secret(hmacSecret)
    }

    /// Whether `signature` is this key's over `bytes`.
    public func isValid(signature: [UInt8], for bytes: [UInt8]) -> Bool {
        signature.withUnsafeBytes { signature in
            bytes.withUnsafeBytes { isValid(signature: signature, for: $0) }
        }
    }

    /// Whether `signature` is this key's over `bytes`; neither is copied or kept.
    public func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        primitive.isValid(signature: signature, for: bytes)
    }
}
