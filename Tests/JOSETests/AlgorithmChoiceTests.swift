import Crypto
import JOSE
import Testing

/// canon 41: the key decides the algorithm, the header never.
@Suite("Choice of algorithm")
struct AlgorithmChoiceTests {
    @Test(arguments: Keys.signing)
    func headerThatNamesAnotherAlgorithmIsRefused(_ algorithm: Algorithm) throws {
        let key = try #require(Keys.all[algorithm])
        for named in Algorithm.allCases.map(\.rawValue) + ["none", "ES512", "es256", "", "RS1"] {
            let token = try JWS(parsing: try compact("{\"alg\":\"\(named)\"}", signedBy: key))
            if named == algorithm.rawValue {
                try token.verify(with: key.verificationKey)
            } else {
                #expect(throws: JOSEError.algorithmMismatch(key: algorithm)) { try token.verify(with: key.verificationKey) }
            }
        }
    }

    /// canon 41: there is no `none`, in any spelling, with or without a signature.
    @Test(arguments: ["none", "None", "NONE", "nOnE", " none", ""])
    func unsecuredTokenIsNeverAccepted(_ name: String) throws {
        #expect(Algorithm(rawValue: name) == nil)
        for signature in [[], [1], [UInt8](repeating: 0, count: 64)] {
            let token = try JWS(parsing: compact("{\"alg\":\"\(name)\"}", signature: signature))
            #expect(token.header.algorithm == nil)
            for key in Keys.all.values {
                #expect(throws: JOSEError.algorithmMismatch(key: key.algorithm)) { try token.verify(with: key.verificationKey) }
            }
        }
    }

    /// canon 41: the classic confusion, an HMAC made with the public key's bytes as the secret.
    @Test func publicKeyIsNeverAnHMACSecret() throws {
        let key = try #require(Keys.all[.rs256])
        let input = Base64URL.encode(utf8(#"{"alg":"HS256"}"#)) + utf8(".") + Base64URL.encode(utf8("{}"))
        for secret in [key.publicJWK.serialized, utf8(key.publicJWK.thumbprint)] {
            let code = HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret))
            let token = try JWS(parsing: input + utf8(".") + Base64URL.encode(Array(code)))
            #expect(throws: JOSEError.algorithmMismatch(key: .rs256)) { try token.verify(with: key.verificationKey) }
        }
        for key in Keys.all.values {
            #expect(throws: JOSEError.malformedKey("alg")) { try VerificationKey(jwk: key.publicJWK, algorithm: .hs256) }
        }
        let dressed = JWK(key.publicJWK.material, keyID: nil, algorithm: .hs256)
        #expect(throws: JOSEError.malformedKey("alg")) { try VerificationKey(jwk: dressed) }
    }

    /// canon 41: a symmetric key cannot come from a key set.
    @Test func keySetCannotSmuggleASecretIn() {
        let json = #"{"keys":[{"kty":"oct","alg":"HS256","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#
        #expect(throws: JOSEError.privateMember) { try JWKSet(parsing: utf8(json)) }
    }

    @Test func keyThatNamesOneAlgorithmIsForNoOther() throws {
        let rsa = try #require(Keys.all[.rs256]).publicJWK
        #expect(throws: JOSEError.malformedKey("alg")) { try VerificationKey(jwk: rsa, algorithm: .ps256) }
        let silent = JWK(rsa.material, keyID: nil, algorithm: nil)
        #expect(throws: JOSEError.algorithmNotStated) { try VerificationKey(jwk: silent) }
        #expect(try VerificationKey(jwk: silent, algorithm: .ps256).algorithm == .ps256)
    }

    @Test func tokenOfOneRSASchemeIsNotOneOfTheOther() throws {
        let rs256 = try #require(Keys.all[.rs256])
        let ps256 = try VerificationKey(jwk: JWK(rs256.publicJWK.material, keyID: nil, algorithm: .ps256))
        let token = try JWS(parsing: try compact(#"{"alg":"PS256"}"#, signedBy: rs256))
        #expect(throws: JOSEError.invalidSignature) { try token.verify(with: ps256) }
    }

    @Test func hmacSecretVerifiesOnlyItsOwnTokens() throws {
        let secret = [UInt8](repeating: 7, count: 32)
        let key = try VerificationKey(hmacSecret: secret, keyID: "legacy")
        #expect(key.jwk == nil)
        let input = utf8("a.b")
        let code = Array(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
        #expect(key.isValid(signature: code, for: input))
        #expect(!key.isValid(signature: Array(code.dropLast()), for: input))
        #expect(!key.isValid(signature: [], for: input))
        #expect(!key.isValid(signature: code, for: utf8("a.c")))
        #expect(throws: JOSEError.weakKey) { try VerificationKey(hmacSecret: Array(secret.dropLast()), keyID: "short") }
    }
}
