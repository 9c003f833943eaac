import JOSE
import Testing

@Suite("Compact form and header")
struct JWSParsingTests {
    /// canon 44: the JSON serializations are refused where compact is expected.
    @Test(arguments: [
        "", ".", "..", "...", "a", "e30", "e30.e30", "e30.e30.AQ.AQ", "e30.e30.AQ.", ".e30.e30.AQ", "e30.e30.AQ.e30.AQ",
        #"{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AQ"}"#,
        #"{"payload":"e30","signatures":[{"protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AQ"}]}"#,
    ])
    func textThatIsNotThreePartsIsRefused(_ token: String) {
        #expect(throws: JOSEError.self) { try JWS(parsing: utf8(token)) }
    }

    /// canon 43: each part has one spelling, and nothing surrounds the token.
    @Test func respelledTokenIsRefused() throws {
        let key = try #require(Keys.all[.es256])
        let good = text(try key.signJWS(type: "at+jwt", payload: utf8("{}")))
        try JWS(parsing: utf8(good)).verify(with: key.verificationKey)
        for bad in [good + "=", good + "==", " " + good, good + "\n", good + " ", good.replacing(".", with: ".\n"), good.replacing(".", with: "=.")] {
            #expect(throws: JOSEError.malformedBase64URL) { try JWS(parsing: utf8(bad)) }
        }
    }

    /// canon 43
    @Test func lengthIsBounded() throws {
        let token = compact(#"{"alg":"ES256"}"#)
        _ = try JWS(parsing: token, limit: token.count)
        #expect(throws: JOSEError.tooLarge(limit: token.count - 1)) { try JWS(parsing: token, limit: token.count - 1) }
        let long = compact(#"{"alg":"ES256"}"#, String(repeating: "x", count: JWS.longest))
        #expect(throws: JOSEError.tooLarge(limit: JWS.longest)) { try JWS(parsing: long) }
    }

    /// canon 43: a header is strict JSON with each member once, and not deep.
    @Test(arguments: [
        "", "[]", "1", #"{"alg":"ES256","alg":"none"}"#, #"{"alg":"ES256","\u0061lg":"none"}"#, #"{"alg":"ES256"} x"#, #"{"alg":"ES256",}"#,
        #"{"alg":"ES256","x":[[[[]]]]}"#, "{\"alg\":\"ES256\",\"x\":\"\n\"}", #"{"alg":"ES256","x":"\uD800"}"#,
    ])
    func headerThatIsNotStrictJSONIsRefused(_ header: String) {
        #expect(throws: JOSEError.self) { try JWS(parsing: compact(header)) }
    }

    @Test(arguments: [
        ("{}", "alg"), (#"{"typ":"JWT"}"#, "alg"), (#"{"alg":null}"#, "alg"), (#"{"alg":1}"#, "alg"), (#"{"alg":["ES256"]}"#, "alg"),
        (#"{"alg":"ES256","typ":1}"#, "typ"), (#"{"alg":"ES256","kid":7}"#, "kid"), (#"{"alg":"ES256","kid":null}"#, "kid"),
        (#"{"alg":"ES256","kid":{"kid":"a"}}"#, "kid"),
    ])
    func headerParameterOfAnotherTypeIsRefused(_ header: String, _ parameter: String) {
        #expect(throws: JOSEError.malformedHeader(parameter)) { try JWS(parsing: compact(header)) }
    }

    /// canon 44: nothing is understood, so every `crit` is refused, whatever it holds.
    @Test(arguments: [#"["b64"]"#, #"["exp"]"#, #"["http://example.invalid/UNDEFINED"]"#, "[]", #""b64""#, "null", "true", #"["alg"]"#])
    func criticalHeaderIsRefused(_ critical: String) {
        let header = "{\"alg\":\"ES256\",\"b64\":true,\"exp\":1,\"crit\":\(critical)}"
        #expect(throws: JOSEError.criticalHeader) { try JWS(parsing: compact(header)) }
    }

    /// canon 46: a kid is a bounded map key: any text of up to 255 bytes, and never more than a name.
    @Test func keyIDIsBounded() throws {
        for keyID in ["", "../../etc/passwd", "' OR 1=1 --", "http://keys.example/", String(repeating: "k", count: 255)] {
            #expect(try JWS(parsing: compact("{\"alg\":\"ES256\",\"kid\":\"\(keyID)\"}")).header.keyID == keyID)
        }
        let long = String(repeating: "k", count: 256)
        #expect(throws: JOSEError.malformedHeader("kid")) { try JWS(parsing: compact("{\"alg\":\"ES256\",\"kid\":\"\(long)\"}")) }
    }

    /// canon 46: a token that brings its own key is verified with ours, and so refused.
    @Test func keyInsideATokenIsNotBelieved() throws {
        let attacker = try #require(Keys.all[.es256])
        let ours = try SigningKey.generate(.es256)
        let jwk = text(attacker.publicJWK.serialized)
        for parameter in ["\"jwk\":\(jwk)", #""jku":"https://evil.example/jwks""#, #""x5u":"https://evil.example/cert""#, #""x5c":["MIIB"]"#] {
            let header = "{\"alg\":\"ES256\",\"kid\":\"\(ours.keyID)\",\(parameter)}"
            let token = try JWS(parsing: try compact(header, signedBy: attacker))
            #expect(throws: JOSEError.invalidSignature) { try token.verify(with: ours.verificationKey) }
            try JWS(parsing: try compact(header, signedBy: ours)).verify(with: ours.verificationKey)
        }
    }

    /// canon 49: `zip` has no effect; these payload bytes are a DEFLATE stream and stay one.
    @Test func payloadIsNeverDecompressed() throws {
        let key = try #require(Keys.all[.es256])
        let deflated = "\u{AB}".unicodeScalars.map { UInt8($0.value) } + [0x56, 0x4A, 0x2C, 0x2D, 0x51, 0xB2, 0x02, 0x00]
        let input = Base64URL.encode(utf8(#"{"alg":"ES256","zip":"DEF"}"#)) + utf8(".") + Base64URL.encode(deflated)
        let token = try JWS(parsing: input + utf8(".") + Base64URL.encode(try key.signature(for: input)))
        try token.verify(with: key.verificationKey)
        #expect(token.payload == deflated)
        #expect(throws: JOSEError.self) { try JWTClaims(parsing: token.payload) }
    }

    @Test func headerIsShownAsWritten() throws {
        let token = try JWS(parsing: compact(#"{"alg":"PS512","typ":"Application/AT+jwt","kid":"é","extra":[1]}"#, "payload"))
        #expect(token.header.algorithm == nil)
        #expect(token.header.algorithmName == "PS512")
        #expect(token.header.type == "Application/AT+jwt")
        #expect(token.header.keyID == "é")
        #expect(token.header.parameters["extra"] == .array([.integer(1)]))
        #expect(text(token.payload) == "payload")
    }

    @Test func signatureCoversHeaderAndPayload() throws {
        let key = try #require(Keys.all[.es256])
        let token = try JWS(parsing: try compact(#"{"alg":"ES256","typ":"at+jwt"}"#, #"{"sub":"1"}"#, signedBy: key))
        for (header, payload) in [(#"{"alg":"ES256","typ":"dpop+jwt"}"#, #"{"sub":"1"}"#), (#"{"alg":"ES256","typ":"at+jwt"}"#, #"{"sub":"2"}"#)] {
            let forged = try JWS(parsing: compact(header, payload, signature: token.signature))
            #expect(throws: JOSEError.invalidSignature) { try forged.verify(with: key.verificationKey) }
        }
    }
}
