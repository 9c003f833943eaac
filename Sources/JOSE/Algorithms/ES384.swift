import Crypto

extension AlgorithmRow {
    /// ECDSA with P-384 and SHA-384 (RFC 7518 section 3.4); serialized as the 48 bytes of the private scalar.
    static let es384 = AlgorithmRow(
        generate: { ES384PrivateKey(key: P384.Signing.PrivateKey()) },
        open: { serialized throws(JOSEError) in
            try translating(to: .malformedKey("d")) {
                ES384PrivateKey(key: try P384.Signing.PrivateKey(rawRepresentation: serialized))
            }
        },
        importPublic: { material throws(JOSEError) in
            guard case .ec(.p384, let x, let y) = material else { return nil }
            // Coordinates have the full length of the field (RFC 7518 section 6.2.1.2), and the import refuses a
            // point that is not on the curve.
            guard x.count == 48, y.count == 48 else { throw .malformedKey("x") }
            return try translating(to: .malformedKey("x")) {
                ES384PublicKey(key: try P384.Signing.PublicKey(x963Representation: [0x04] + x + y))
            }
        }
    )
}

private struct ES384PublicKey: PublicPrimitive {
    let key: P384.Signing.PublicKey

    /// The signature is r and s, 48 bytes each; zero and anything from the group order up is refused by the library.
    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == 96, let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else {
            return false
        }
        var hash = SHA384()
        hash.update(bufferPointer: bytes)
        return key.isValidSignature(signature, for: hash.finalize())
    }
}

private struct ES384PrivateKey: PrivatePrimitive {
    let key: P384.Signing.PrivateKey

    var serialized: [UInt8] { [UInt8](key.rawRepresentation) }

    var material: JWK.Material {
        let point = [UInt8](key.publicKey.rawRepresentation)
        return .ec(.p384, x: Array(point.prefix(48)), y: Array(point.suffix(48)))
    }

    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        var hash = SHA384()
        hash.update(bufferPointer: bytes)
        return [UInt8](try key.signature(for: hash.finalize()).rawRepresentation)
    }
}
