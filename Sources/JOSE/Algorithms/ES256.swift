import Crypto

extension AlgorithmRow {
    /// ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4); serialized as the 32 bytes of the private scalar.
    static let es256 = AlgorithmRow(
        generate: { ES256PrivateKey(key: P256.Signing.PrivateKey()) },
        open: { serialized throws(JOSEError) in
            try translating(to: .malformedKey("d")) {
                ES256PrivateKey(key: try P256.Signing.PrivateKey(rawRepresentation: serialized))
            }
        },
        importPublic: { material throws(JOSEError) in
            guard case .ec(.p256, let x, let y) = material else { return nil }
            // Coordinates have the full length of the field (RFC 7518 section 6.2.1.2), and the import refuses a
            // point that is not on the curve.
            guard x.count == 32, y.count == 32 else { throw .malformedKey("x") }
            return try translating(to: .malformedKey("x")) {
                ES256PublicKey(key: try P256.Signing.PublicKey(x963Representation: [0x04] + x + y))
            }
        }
    )
}

private struct ES256PublicKey: PublicPrimitive {
    let key: P256.Signing.PublicKey

    /// The signature is r and s, 32 bytes each; zero and anything from the group order up is refused by the library.
    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == 64, let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
            return false
        }
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return key.isValidSignature(signature, for: hash.finalize())
    }
}

private struct ES256PrivateKey: PrivatePrimitive {
    let key: P256.Signing.PrivateKey

    var serialized: [UInt8] { [UInt8](key.rawRepresentation) }

    var material: JWK.Material {
        let point = [UInt8](key.publicKey.rawRepresentation)
        return .ec(.p256, x: Array(point.prefix(32)), y: Array(point.suffix(32)))
    }

    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return [UInt8](try key.signature(for: hash.finalize()).rawRepresentation)
    }
}
