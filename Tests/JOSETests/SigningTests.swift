import JOSE
import Testing

@Suite("Signing and verifying")
struct SigningTests {
    private static let signing: [Algorithm] = [.es256, .es384, .edDSA, .rs256, .ps256, .mlDSA65, .mlDSA87]

    @Test(arguments: signing)
    func signedTokenVerifiesWithItsOwnKeyOnly(_ algorithm: Algorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let payload = utf8(#"{"sub":"1"}"#)
        let token = try JWS(parsing: try key.signJWS(type: "at+jwt", payload: payload))
        #expect(token.payload == payload)
        #expect(token.header.type == "at+jwt")
        #expect(token.header.keyID == key.keyID)
        #expect(token.header.algorithm == algorithm)
        try token.verify(with: key.verificationKey)
        let other = try SigningKey.generate(algorithm)
        #expect(throws: JOSEError.invalidSignature) { try token.verify(with: other.verificationKey) }
    }

    @Test(arguments: signing)
    func keySurvivesSerialization(_ algorithm: Algorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let again = try SigningKey(algorithm: algorithm, serialized: key.serialized)
        #expect(again.keyID == key.keyID)
        let token = try JWS(parsing: try again.signJWS(type: "at+jwt", payload: [1, 2, 3]))
        try token.verify(with: key.verificationKey)
    }

    @Test(arguments: signing)
    func publishedKeyVerifies(_ algorithm: Algorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let published = try JWKSet(parsing: try JWKSet([key.publicJWK]).serialized)
        let found = try #require(published[key.keyID])
        #expect(found == key.publicJWK)
        #expect(found.thumbprint == key.keyID)
        let token = try JWS(parsing: try key.signJWS(type: "at+jwt", payload: []))
        try token.verify(with: try VerificationKey(jwk: found))
    }

    @Test(arguments: signing)
    func everyFlippedBitOfTheSignatureIsRefused(_ algorithm: Algorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let bytes = utf8("a message")
        let signature = try key.signature(for: bytes)
        #expect(key.verificationKey.isValid(signature: signature, for: bytes))
        for bit in stride(from: 0, to: signature.count * 8, by: algorithm == .es256 ? 1 : 61) {
            var flipped = signature
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.verificationKey.isValid(signature: flipped, for: bytes))
        }
    }

    @Test func hmacKeyDoesNotSign() {
        #expect(throws: JOSEError.unsupportedAlgorithm(.hs256)) { try SigningKey.generate(.hs256) }
    }

    @Test func keyNeverPrintsItself() throws {
        let key = try SigningKey.generate(.es256)
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "Secret(ES256 key \(key.keyID))")
        #expect(String(reflecting: key) == "\(key)")
        #expect(!dumped.contains("primitive"))
    }
}
