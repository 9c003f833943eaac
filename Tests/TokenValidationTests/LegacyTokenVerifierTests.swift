import Crypto
import JOSE
import Testing
import TokenCore

@testable import TokenValidation

/// The HS256 tokens of the system before (RFC 7515 appendix A.1 gives the form; the token here was made with its key).
@Suite struct LegacyTokenVerifierTests {
    /// RFC 7515 appendix A.1: key, token and the moment it expires.
    static let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    static let token =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let expiry: Int64 = 1_300_819_380

    private func verifier() throws -> LegacyTokenVerifier {
        try LegacyTokenVerifier(secret: Secret(try Base64URL.decode(Self.secret)), leeway: .zero)
    }

    @Test func aLegacyTokenIsAcceptedUntilItExpires() throws {
        let token = Array(Self.token.utf8)
        let claims = try verifier().verify(token, now: UnixTime(seconds: Self.expiry - 1))
        #expect(try JWTClaims(parsing: claims).issuer == "joe")
        #expect(throws: InvalidToken.self) { try verifier().verify(token, now: UnixTime(seconds: Self.expiry)) }
    }

    @Test func anotherSignatureIsRefused() throws {
        var token = Array(Self.token.utf8)
        token[token.count - 2] = token[token.count - 2] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(throws: InvalidToken.self) { try verifier().verify(token, now: UnixTime(seconds: Self.expiry - 1)) }
    }

    /// canon 41: a token of ours, signed with a key pair, is no legacy token.
    @Test func theKeyDecidesTheAlgorithm() throws {
        let key = try SigningKey.generate(.es256)
        let token = try key.signJWS(type: "JWT", payload: Array("{\"exp\":\(Self.expiry)}".utf8))
        #expect(throws: InvalidToken.self) { try verifier().verify(token, now: UnixTime(seconds: Self.expiry - 1)) }
    }

    /// What is no access token is none because the same secret signed it.
    @Test(arguments: ["JWT", "jwt", nil, "refresh+jwt", "at+jwt", "dpop+jwt"]) func onlyAPlainJWTIsAccepted(type: String?) throws {
        let header = type.map { #"{"alg":"HS256","typ":"\#($0)"}"# } ?? #"{"alg":"HS256"}"#
        let input = Base64URL.encode(Array(header.utf8)) + [UInt8(ascii: ".")] + Base64URL.encode(Array("{\"exp\":\(Self.expiry)}".utf8))
        let tag = HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: try Base64URL.decode(Self.secret)))
        let token = input + [UInt8(ascii: ".")] + Base64URL.encode(Array(tag))
        let verdict = try? verifier().verify(token, now: UnixTime(seconds: 0))
        #expect((verdict != nil) == (type == nil || type?.lowercased() == "jwt"))
    }

    @Test func aShortSecretIsRefused() {
        #expect(throws: JOSEError.self) { try LegacyTokenVerifier(secret: Secret(Array(repeating: 1, count: 31)), leeway: .zero) }
    }
}
