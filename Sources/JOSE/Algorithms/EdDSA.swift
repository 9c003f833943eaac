import Crypto

extension AlgorithmRow {
    /// Ed25519 (RFC 8037 section 3.1); serialized as the 32 bytes of the seed.
    static let edDSA = AlgorithmRow(
        generate: { Ed25519PrivateKey(key: Curve25519.Signing.PrivateKey()) },
        open: { serialized throws(JOSEError) in
            try translating(to: .malformedKey("d")) {
                Ed25519PrivateKey(key: try Curve25519.Signing.PrivateKey(rawRepresentation: serialized))
            }
        },
        importPublic: { material throws(JOSEError) in
            guard case .okp(let x) = material else { return nil }
            guard Ed25519Point.isAcceptable(x) else { throw .malformedKey("x") }
            return try translating(to: .malformedKey("x")) {
                Ed25519PublicKey(key: try Curve25519.Signing.PublicKey(rawRepresentation: x))
            }
        }
    )
}

private struct Ed25519PublicKey: PublicPrimitive {
    let key: Curve25519.Signing.PublicKey

    /// The library refuses an S from the group order up and an R that is not canonical, so a signature cannot be respelled.
    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        signature.count == 64 && key.isValidSignature(signature, for: bytes)
    }
}

private struct Ed25519PrivateKey: PrivatePrimitive {
    let key: Curve25519.Signing.PrivateKey

    var serialized: [UInt8] { [UInt8](key.rawRepresentation) }
    var material: JWK.Material { .okp(x: [UInt8](key.publicKey.rawRepresentation)) }

    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        [UInt8](try key.signature(for: bytes))
    }
}

/// Which encodings of a point are accepted as a public key.
private enum Ed25519Point {
    /// The y coordinates, little-endian without the sign bit, of the points of order 1, 2, 4 and 8. Such a key accepts
    /// signatures nobody made.
    private static let smallOrder: [[UInt8]] = [
        [1] + zeros(31),
        [0xEC] + ones(30) + [0x7F],
        zeros(32),
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
    ]

    /// 32 bytes, y below the field's prime 2^255 - 19, and not of small order. A y off the curve passes here and
    /// verifies nothing.
    static func isAcceptable(_ encoded: [UInt8]) -> Bool {
        guard encoded.count == 32 else { return false }
        var y = encoded
        y[31] &= 0x7F
        let isReduced = !(y[31] == 0x7F && y[1..<31].allSatisfy { $0 == 0xFF } && y[0] >= 0xED)
        return isReduced && !smallOrder.contains(y)
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    private static func ones(_ count: Int) -> [UInt8] { [UInt8](repeating: 0xFF, count: count) }
}
