import Crypto

extension AlgorithmRow {
    /// ML-DSA-87 (RFC 9964, FIPS 204), pure and with an empty context; serialized as the 32 bytes of the seed.
    static let mlDSA87 = AlgorithmRow(
        generate: { () throws(JOSEError) in
            try translating(to: .signingFailed) { MLDSA87PrivateKey(key: try MLDSA87.PrivateKey()) }
        },
        open: { serialized throws(JOSEError) in
            try translating(to: .malformedKey("priv")) {
                MLDSA87PrivateKey(key: try MLDSA87.PrivateKey(seedRepresentation: serialized, publicKey: nil))
            }
        },
        importPublic: { material throws(JOSEError) in
            guard case .akp(.mlDSA87, let pub) = material else { return nil }
            guard pub.count == 2592 else { throw .malformedKey("pub") }
            return try translating(to: .malformedKey("pub")) {
                MLDSA87PublicKey(key: try MLDSA87.PublicKey(rawRepresentation: pub))
            }
        }
    )
}

private struct MLDSA87PublicKey: PublicPrimitive {
    let key: MLDSA87.PublicKey

    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        signature.count == 4627 && key.isValidSignature(signature, for: bytes)
    }
}

private struct MLDSA87PrivateKey: PrivatePrimitive {
    let key: MLDSA87.PrivateKey

    var serialized: [UInt8] { [UInt8](key.seedRepresentation) }
    var material: JWK.Material { .akp(.mlDSA87, pub: [UInt8](key.publicKey.rawRepresentation)) }

    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        [UInt8](try key.signature(for: bytes))
    }
}
