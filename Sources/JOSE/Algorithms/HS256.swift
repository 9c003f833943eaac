import Crypto

extension AlgorithmRow {
    /// HMAC with SHA-256, to verify only. No JWK leads here, so a public key can never become an HMAC secret.
    static let hs256 = AlgorithmRow(
        generate: { () throws(JOSEError) in throw .unsupportedAlgorithm(.hs256) },
        open: { _ throws(JOSEError) in throw .unsupportedAlgorithm(.hs256) },
        importPublic: { _ in nil }
    )
}

/// The secret that a configuration names for tokens of another system.
struct HS256Secret: PublicPrimitive {
    private let key: SymmetricKey

    /// - Throws: `.weakKey` below the 32 bytes that RFC 7518 section 3.2 asks for.
    init(_ secret: [UInt8]) throws(JOSEError) {
        guard secret.count >= 32 else { throw .weakKey }
        self.key = SymmetricKey(data: secret)
    }

    /// Compares in constant time.
    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(Array(signature), authenticating: bytes, using: key)
    }
}
