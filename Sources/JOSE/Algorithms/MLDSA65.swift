import Crypto

extension AlgorithmRow {
    /// ML-DSA-65 (RFC 9964, FIPS 204), pure and with an empty context; serialized as the 32 bytes of the seed.
    static let mlDSA65 = AlgorithmRow(
        generate: { () throws(JOSEError) in
            try translating(to: .signingFailed) { MLDSA65PrivateKey(key: try MLDSA65.PrivateKey()) }
        },
        open: { serialized throws(JOSEError) in
            try translating(to: .malformedKey("priv")) {
                MLDSA65PrivateKey(key: try MLDSA65.PrivateKey(seedRepresentation: serialized, publicKey: nil))
            }
        },
        importPublic: { material throws(JOSEError) in
            guard case .akp(.mlDSA65, let pub) = material else { return nil }
            guard pub.count == 1952 else { throw .malformedKey("pub") }
            return try translating(to: .malformedKey("pub")) {
                MLDSA65PublicKey(key: try MLDSA65.PublicKey(rawRepresentation: pub))
            }
        }
    )
}

private struct MLDSA65PublicKey: PublicPrimitive {
    let key: MLDSA65.PublicKey

    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        signature.count == 3309 && key.isValidSignature(signature, for: bytes)
    }
}

private struct MLDSA65PrivateKey: PrivatePrimitive {
    let key: MLDSA65.PrivateKey

    var serialized: [UInt8] { [UInt8](key.seedRepresentation) }
    var material: JWK.Material { .akp(.mlDSA65, pub: [UInt8](key.publicKey.rawRepresentation)) }

    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        [UInt8](try key.signature(for: bytes))
    }
}
