import Crypto
import CryptoExtras

extension AlgorithmRow {
    /// RS256 and PS256 (RFC 7518 sections 3.3 and 3.5); serialized as the PKCS #1 private key in DER.
    static func rsa(_ scheme: RSAScheme) -> AlgorithmRow {
        AlgorithmRow(
            generate: { () throws(JOSEError) in
                try translating(to: .signingFailed) { try RSAPrivateKey(_RSA.Signing.PrivateKey(keySize: .bits2048), scheme) }
            },
            open: { serialized throws(JOSEError) in
                let key = try translating(to: .malformedKey("d")) {
                    try RSAPrivateKey(_RSA.Signing.PrivateKey(derRepresentation: serialized), scheme)
                }
                // The library overlooks bytes after the key, and reads PKCS #8 as well.
                guard key.serialized == serialized else { throw .malformedKey("d") }
                return key
            },
            importPublic: { material throws(JOSEError) in
                guard case .rsa(let n, let e) = material else { return nil }
                try RSABounds.check(n: n, e: e)
                return try translating(to: .malformedKey("n")) {
                    RSAPublicKey(key: try _RSA.Signing.PublicKey(n: n, e: e), scheme: scheme, modulusLength: n.count)
                }
            }
        )
    }
}

/// How the digest is padded. The key decides it, like everything else about the algorithm.
enum RSAScheme: Sendable {
    case pkcs1, pss

    var padding: _RSA.Signing.Padding {
        switch self {
        case .pkcs1: .insecurePKCS1v1_5
        case .pss: .PSS
        }
    }
}

/// What a public RSA key may look like (RFC 7518 section 6.3.1).
private enum RSABounds {
    /// In bytes: 2048 to 8192 bits. The upper end bounds the work one verification can ask for.
    static let modulusLength = 256...1024

    /// Modulus and exponent without leading zeros, the modulus odd and of whole bytes, the exponent odd, at least 3
    /// and at most 32 bits long.
    static func check(n: [UInt8], e: [UInt8]) throws(JOSEError) {
        guard let first = n.first, first != 0, let last = n.last, last & 1 == 1 else { throw .malformedKey("n") }
        let bits = n.count * 8 - first.leadingZeroBitCount
        guard bits >= modulusLength.lowerBound * 8 else { throw .weakKey }
        guard bits % 8 == 0, n.count <= modulusLength.upperBound else { throw .malformedKey("n") }
        guard let first = e.first, first != 0, let last = e.last, last & 1 == 1, e != [1], e.count <= 4 else {
            throw .malformedKey("e")
        }
    }
}

private struct RSAPublicKey: PublicPrimitive {
    let key: _RSA.Signing.PublicKey
    let scheme: RSAScheme
    let modulusLength: Int

    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == modulusLength else { return false }
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
        return key.isValidSignature(signature, for: hash.finalize(), padding: scheme.padding)
    }
}

private struct RSAPrivateKey: PrivatePrimitive {
    let key: _RSA.Signing.PrivateKey
    let scheme: RSAScheme
    let material: JWK.Material

    init(_ key: _RSA.Signing.PrivateKey, _ scheme: RSAScheme) throws {
        let numbers = try key.publicKey.getKeyPrimitives()
        self.key = key
        self.scheme = scheme
        self.material = .rsa(n: [UInt8](numbers.modulus), e: [UInt8](numbers.publicExponent))
    }

    var serialized: [UInt8] { [UInt8](key.derRepresentation) }

    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return [UInt8](try key.signature(for: hash.finalize(), padding: scheme.padding).rawRepresentation)
    }
}
