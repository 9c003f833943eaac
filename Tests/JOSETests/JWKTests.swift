import JOSE
import Testing

@Suite("Keys as JSON")
struct JWKTests {
    /// canon 50: the text of a key, and of a set, has public members only.
    @Test(arguments: Keys.signing)
    func serializedKeyHasNoPrivateMember(_ algorithm: Algorithm) throws {
        let key = try #require(Keys.all[algorithm])
        let object = try #require(try JSONValue(parsing: key.publicJWK.serialized).object)
        let allowed: Set = ["kty", "crv", "x", "y", "n", "e", "pub", "alg", "kid", "use"]
        #expect(Set(object.members.map(\.name)).isSubset(of: allowed))
        #expect(object["alg"] == .string(algorithm.rawValue))
        #expect(object["kid"] == .string(key.keyID))
        #expect(object["use"] == .string("sig"))
        let secret = Base64URL.string(key.serialized)
        #expect(!text(try JWKSet([key.publicJWK]).serialized).contains(secret))
    }

    /// canon 50
    @Test(arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"], Keys.signing)
    func keyThatGivesAPrivateMemberAwayIsRefused(_ member: String, _ algorithm: Algorithm) throws {
        let key = try #require(Keys.all[algorithm]).publicJWK
        var object = try #require(try JSONValue(parsing: key.serialized).object)
        object[member] = .string("AQAB")
        #expect(throws: JOSEError.privateMember) { try JWK(object) }
        let set = JSONObject(name: "keys", .array([.object(object)]))
        #expect(throws: JOSEError.privateMember) { try JWKSet(parsing: JSONValue.object(set).serialized) }
    }

    /// canon 50
    @Test func keyIDIsUniqueInASet() throws {
        let first = try #require(Keys.all[.es256]).publicJWK
        let second = JWK(try #require(Keys.all[.edDSA]).publicJWK.material, keyID: first.keyID, algorithm: .edDSA)
        #expect(throws: JOSEError.duplicateKeyID) { try JWKSet([first, second]) }
        let json = "{\"keys\":[\(text(first.serialized)),\(text(second.serialized))]}"
        #expect(throws: JOSEError.duplicateKeyID) { try JWKSet(parsing: utf8(json)) }
    }

    @Test func keysWithoutNamesMayShareASet() throws {
        let key = try #require(Keys.all[.es256]).publicJWK
        let unnamed = JWK(key.material, keyID: nil, algorithm: nil)
        #expect(try JWKSet([unnamed, unnamed, key]).keys.count == 3)
    }

    /// RFC 7517 section 5: keys of a kind that is not understood are ignored; broken ones are not.
    @Test func unknownKeysArePassedOver() throws {
        let key = text(try #require(Keys.all[.es256]).publicJWK.serialized)
        let foreign = [
            #"{"kty":"EC","crv":"P-521","x":"AQ","y":"AQ"}"#, #"{"kty":"OKP","crv":"X25519","x":"AQ"}"#, #"{"kty":"NEW"}"#,
            #"{"kty":"RSA","n":"AQ","e":"AQAB","alg":"RSA-OAEP"}"#, #"{"kty":"RSA","n":"AQ","e":"AQAB","use":"enc"}"#,
            #"{"kty":"RSA","n":"AQ","e":"AQAB","key_ops":["encrypt"]}"#,
        ]
        let set = try JWKSet(parsing: utf8("{\"keys\":[\((foreign + [key]).joined(separator: ","))],\"extra\":1}"))
        #expect(set.keys.count == 1)
        #expect(set.ignored == foreign.count)
    }

    @Test(arguments: [
        "[]", "{}", #"{"keys":{}}"#, #"{"keys":[1]}"#, #"{"keys":[],"keys":[]}"#, #"{"keys":[{"kty":1}]}"#, #"{"keys":[{"kty":"EC","crv":"P-256"}]}"#,
        #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ=="}]}"#, #"{"keys":[{"kty":"RSA","n":"","e":"AQAB"}]}"#,
        #"{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","kid":""}]}"#, #"{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","kid":1}]}"#,
        #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ","alg":"ES256"}]}"#, #"{"keys":[{"kty":"AKP","pub":"AQ"}]}"#,
        #"{"keys":[{"kty":"AKP","alg":"ES256","pub":"AQ"}]}"#, #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ","key_ops":"verify"}]}"#,
    ])
    func brokenSetIsRefused(_ json: String) {
        #expect(throws: JOSEError.self) { try JWKSet(parsing: utf8(json)) }
    }

    @Test func keyIsFoundByItsExactName() throws {
        let key = try #require(Keys.all[.es256]).publicJWK
        let composed = JWK(key.material, keyID: "caf\u{E9}", algorithm: .es256)
        let decomposed = JWK(key.material, keyID: "cafe\u{301}", algorithm: nil)
        let set = try JWKSet([composed, decomposed])
        #expect(set["caf\u{E9}"]?.algorithm == .es256)
        #expect(set["cafe\u{301}"]?.algorithm == nil)
        #expect(set["cafe"] == nil)
    }

    @Test func namedKeyKeepsItsNameAndUnnamedTakesItsThumbprint() throws {
        let key = try #require(Keys.all[.es256]).publicJWK
        #expect(try VerificationKey(jwk: JWK(key.material, keyID: "mine", algorithm: nil)).keyID == "mine")
        #expect(try VerificationKey(jwk: JWK(key.material, keyID: nil, algorithm: nil)).keyID == key.thumbprint)
    }
}

extension JSONObject {
    /// An object with one member.
    init(name: String, _ value: JSONValue) {
        self.init()
        self[name] = value
    }
}
