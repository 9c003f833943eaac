import Crypto
import CryptoExtras
import JOSE
import JWTKit
import TestSupport
import Testing

/// jwt-kit as a second opinion, over thousands of generated tokens.
@Suite("Agreement with jwt-kit")
struct OracleTests {
    /// How many tokens per algorithm, by what a signature costs.
    static let rounds: [(Algorithm, Int)] = [
        (.es256, 1_000), (.es384, 300), (.edDSA, 1_000), (.rs256, 200), (.ps256, 200), (.mlDSA65, 100), (.mlDSA87, 100),
    ]

    @Test(arguments: rounds)
    func ourTokensVerifyThere(_ algorithm: Algorithm, _ rounds: Int) async throws {
        let key = try SigningKey.generate(algorithm)
        let theirs = try await Oracle.collection(key)
        var generator = SplitMix(seed: 1)
        for round in 0..<rounds {
            let claims = OracleClaims(using: &generator)
            let token = try key.signJWS(type: "at+jwt", payload: claims.json)
            #expect(try await theirs.verify(token, as: OracleClaims.self) == claims, "round \(round)")
        }
    }

    @Test(arguments: rounds)
    func theirTokensVerifyHere(_ algorithm: Algorithm, _ rounds: Int) async throws {
        let key = try SigningKey.generate(algorithm)
        let theirs = try await Oracle.collection(key)
        var generator = SplitMix(seed: 2)
        for round in 0..<rounds {
            let claims = OracleClaims(using: &generator)
            let token = try JWS(parsing: Array(try await theirs.sign(claims, kid: "key").utf8))
            try token.verify(with: key.verificationKey)
            #expect(claims.agrees(with: try JWTClaims(parsing: token.payload)), "round \(round)")
            #expect(token.header.keyID == "key")
        }
    }

    @Test func theirHMACTokensVerifyHere() async throws {
        let secret = (0..<48).map(UInt8.init)
        let key = try VerificationKey(hmacSecret: secret, keyID: "legacy")
        let theirs = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        var generator = SplitMix(seed: 3)
        for _ in 0..<1_000 {
            let claims = OracleClaims(using: &generator)
            let token = try JWS(parsing: Array(try await theirs.sign(claims).utf8))
            try token.verify(with: key)
            #expect(claims.agrees(with: try JWTClaims(parsing: token.payload)))
        }
    }

    /// One character replaced, dropped or repeated anywhere. We accept nothing that they refuse; what they accept and we
    /// refuse is a token in other base64url than the one spelling.
    @Test(arguments: rounds)
    func mutatedTokensAreRefusedByBoth(_ algorithm: Algorithm, _ rounds: Int) async throws {
        let key = try SigningKey.generate(algorithm)
        let theirs = try await Oracle.collection(key)
        var generator = SplitMix(seed: 4)
        let good = try key.signJWS(type: "at+jwt", payload: OracleClaims(using: &generator).json)
        var refusedByBoth = 0
        for _ in 0..<rounds {
            let mutated = Oracle.mutation(of: good, using: &generator)
            let ours = Self.refusal(of: mutated, by: key.verificationKey)
            let isAcceptedThere = (try? await theirs.verify(mutated, as: OracleClaims.self)) != nil
            #expect(ours != nil)
            if isAcceptedThere { #expect(ours == .malformedBase64URL) } else { refusedByBoth += 1 }
        }
        #expect(refusedByBoth > rounds * 9 / 10)
    }

    private static func refusal(of token: [UInt8], by key: VerificationKey) -> JOSEError? {
        do {
            try JWS(parsing: token).verify(with: key)
            return nil
        } catch { return error }
    }
}

/// Our keys in jwt-kit's types.
enum Oracle {
    static func collection(_ key: SigningKey) async throws -> JWTKeyCollection {
        let keys = JWTKeyCollection()
        let secret = key.serialized
        switch key.algorithm {
        case .es256:
            await keys.add(ecdsa: try ES256PrivateKey(backing: P256.Signing.PrivateKey(rawRepresentation: secret)), kid: "key")
        case .es384:
            await keys.add(ecdsa: try ES384PrivateKey(backing: P384.Signing.PrivateKey(rawRepresentation: secret)), kid: "key")
        case .edDSA:
            await keys.add(eddsa: try EdDSA.PrivateKey(backing: Curve25519.Signing.PrivateKey(rawRepresentation: secret)), kid: "key")
        case .rs256:
            await keys.add(rsa: try rsa(secret), digestAlgorithm: .sha256, kid: "key")
        case .ps256:
            await keys.add(pss: try rsa(secret), digestAlgorithm: .sha256, kid: "key")
        case .mlDSA65:
            await keys.add(mldsa: try MLDSA65PrivateKey(seedRepresentation: secret), kid: "key")
        case .mlDSA87:
            await keys.add(mldsa: try MLDSA87PrivateKey(seedRepresentation: secret), kid: "key")
        case .hs256:
            throw JOSEError.unsupportedAlgorithm(.hs256)
        }
        return keys
    }

    private static func rsa(_ der: [UInt8]) throws -> JWTKit.Insecure.RSA.PrivateKey {
        try JWTKit.Insecure.RSA.PrivateKey(backing: _RSA.Signing.PrivateKey(derRepresentation: der))
    }

    /// The token with one character changed, so that it differs.
    static func mutation(of token: [UInt8], using generator: inout SplitMix) -> [UInt8] {
        let characters = Array("ABCXYZabcxyz0189-_.=+/ \n".utf8)
        var mutated = token
        repeat {
            mutated = token
            let index = Int.random(in: token.indices, using: &generator)
            switch generator.next() % 4 {
            case 0: mutated.remove(at: index)
            case 1: mutated.insert(token[index], at: index)
            default: mutated[index] = characters.randomElement(using: &generator) ?? 0
            }
        } while mutated == token
        return mutated
    }
}
