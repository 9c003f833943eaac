import Crypto
import CryptoExtras
import JOSE
import Testing

/// canon 42: what a key and a signature may look like.
@Suite("Checks of keys and signatures")
struct KeyChecksTests {
    private func change(_ bytes: [UInt8], _ body: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = bytes
        body(&bytes)
        return bytes
    }

    /// canon 42: points are on the curve.
    @Test(arguments: [Algorithm.es256, .es384])
    func pointOffTheCurveIsRefused(_ algorithm: Algorithm) throws {
        let key = try #require(Keys.all[algorithm]).publicJWK
        guard case .ec(let curve, let x, let y) = key.material else { throw WrongKind() }
        let zero = [UInt8](repeating: 0, count: x.count)
        let ones = [UInt8](repeating: 0xFF, count: x.count)
        let bad: [(x: [UInt8], y: [UInt8])] = [
            (x, change(y) { $0[0] ^= 1 }), (change(x) { $0[3] ^= 4 }, y), (y, x), (zero, zero), (x, zero), (ones, y), (x, ones),
        ]
        for (x, y) in bad {
            let material = JWK.Material.ec(curve, x: x, y: y)
            #expect(throws: JOSEError.malformedKey("x")) {
                try VerificationKey(jwk: JWK(material, keyID: nil, algorithm: algorithm))
            }
        }
    }

    /// canon 42: coordinates have the length of the field, no more and no less (RFC 7518 section 6.2.1.2).
    @Test(arguments: [Algorithm.es256, .es384])
    func coordinateOfAnotherLengthIsRefused(_ algorithm: Algorithm) throws {
        let key = try #require(Keys.all[algorithm]).publicJWK
        guard case .ec(let curve, let x, let y) = key.material else { throw WrongKind() }
        for (x, y) in [([0] + x, y), (x, [0] + y), (Array(x.dropLast()), y), (x, Array(y.dropFirst())), (x + y, []), ([], x + y)] {
            #expect(throws: JOSEError.malformedKey("x")) {
                try VerificationKey(jwk: JWK(.ec(curve, x: x, y: y), keyID: nil, algorithm: algorithm))
            }
        }
    }

    /// canon 42: r and s, exactly, and each from 1 to the group order less one.
    @Test(arguments: [Algorithm.es256, .es384])
    func signatureOfAnotherLengthOrRangeIsRefused(_ algorithm: Algorithm) throws {
        let key = try #require(Keys.all[algorithm])
        let message = utf8("message")
        let good = try key.signature(for: message)
        let half = good.count / 2
        let zero = [UInt8](repeating: 0, count: half)
        let ones = [UInt8](repeating: 0xFF, count: half)
        let (r, s) = (Array(good.prefix(half)), Array(good.suffix(half)))
        for bad in [[], good + [0], [0] + good, Array(good.dropLast()), r, [0] + r + [0] + s, zero + s, r + zero, zero + zero, ones + s, r + ones] {
            #expect(!key.verificationKey.isValid(signature: bad, for: message))
        }
    }

    /// canon 42: the same signature with the group order added to S verifies nowhere.
    @Test func ed25519SignatureIsCanonical() throws {
        let key = try #require(Keys.all[.edDSA])
        let message = utf8("message")
        let good = try key.signature(for: message)
        let order: [UInt8] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        var respelled = good
        var carry = 0
        for index in 0..<32 {
            carry += Int(good[32 + index]) + Int(order[index])
            respelled[32 + index] = UInt8(carry & 0xFF)
            carry >>= 8
        }
        #expect(key.verificationKey.isValid(signature: good, for: message))
        #expect(!key.verificationKey.isValid(signature: respelled, for: message))
        #expect(!key.verificationKey.isValid(signature: good + [0], for: message))
    }

    /// canon 42: an unreduced y and the points of small order are no keys, with either sign.
    @Test(arguments: [
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "7P_______________________________________38", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o", "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
        "7f_______________________________________38", "7v_______________________________________38", "_________________________________________38",
    ])
    func unacceptableEd25519PointIsRefused(_ encoded: String) throws {
        var point = try Base64URL.decode(encoded)
        for sign in [0, 0x80] as [UInt8] {
            point[31] = point[31] & 0x7F | sign
            #expect(throws: JOSEError.malformedKey("x")) {
                try VerificationKey(jwk: JWK(.okp(x: point), keyID: nil, algorithm: .edDSA))
            }
        }
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func ed25519KeyOfAnotherLengthIsRefused(_ length: Int) {
        #expect(throws: JOSEError.malformedKey("x")) {
            try VerificationKey(jwk: JWK(.okp(x: [UInt8](repeating: 9, count: length)), keyID: nil, algorithm: .edDSA))
        }
    }

    /// canon 42: a point off the curve is no key of anybody, so nothing verifies under it.
    @Test func ed25519PointOffTheCurveVerifiesNothing() throws {
        var point = [UInt8](repeating: 0, count: 32)
        point[0] = 2
        let key = try VerificationKey(jwk: JWK(.okp(x: point), keyID: nil, algorithm: .edDSA))
        let signature = try #require(Keys.all[.edDSA]).signature(for: utf8("message"))
        #expect(!key.isValid(signature: signature, for: utf8("message")))
        #expect(!key.isValid(signature: [UInt8](repeating: 0, count: 64), for: utf8("message")))
    }

    /// canon 42: RSA has 2048 bits or more and an odd exponent.
    @Test func rsaNumbersAreBounded() throws {
        guard case .rsa(let n, let e) = try #require(Keys.all[.rs256]).publicJWK.material else { throw WrongKind() }
        func refusal(_ n: [UInt8], _ e: [UInt8]) -> JOSEError? {
            do {
                _ = try VerificationKey(jwk: JWK(.rsa(n: n, e: e), keyID: nil, algorithm: .rs256))
                return nil
            } catch { return error }
        }
        #expect(refusal(n, e) == nil)
        #expect(refusal(n, [3]) == nil)
        #expect(refusal([0] + n, e) == .malformedKey("n"))
        #expect(refusal(change(n) { $0[255] &= 0xFE }, e) == .malformedKey("n"))
        #expect(refusal(change(n) { $0[0] = 0x7F }, e) == .weakKey)
        #expect(refusal(Array(n.dropFirst().drop { $0 == 0 }), e) == .weakKey)
        #expect(refusal([1] + n, e) == .malformedKey("n"))
        #expect(refusal([UInt8](repeating: 0xFF, count: 1025), e) == .malformedKey("n"))
        for exponent in [[], [0], [1], [2], [4], [1, 0, 0], [0, 3], [1, 0, 0, 0, 1]] as [[UInt8]] {
            #expect(refusal(n, exponent) == .malformedKey("e"))
        }
    }

    @Test func weakRSAKeyDoesNotSign() throws {
        let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        #expect(throws: JOSEError.malformedKey("d")) {
            try SigningKey(algorithm: .rs256, serialized: [UInt8](weak.derRepresentation))
        }
    }

    @Test(arguments: Keys.signing)
    func bytesThatAreNoPrivateKeyAreRefused(_ algorithm: Algorithm) throws {
        let good = try #require(Keys.all[algorithm]).serialized
        for bad in [[], [0], Array(good.dropLast()), good + [0]] {
            #expect(throws: JOSEError.self) { try SigningKey(algorithm: algorithm, serialized: bad) }
        }
    }

    @Test(arguments: [Algorithm.mlDSA65, .mlDSA87])
    func latticeKeyOfAnotherLengthIsRefused(_ algorithm: Algorithm) throws {
        guard case .akp(_, let pub) = try #require(Keys.all[algorithm]).publicJWK.material else { throw WrongKind() }
        for bad in [[], Array(pub.dropLast()), pub + [0]] {
            #expect(throws: JOSEError.malformedKey("pub")) {
                try VerificationKey(jwk: JWK(.akp(algorithm, pub: bad), keyID: nil, algorithm: algorithm))
            }
        }
    }
}

/// A shared key is not of the type its algorithm asks for.
private struct WrongKind: Error {}
