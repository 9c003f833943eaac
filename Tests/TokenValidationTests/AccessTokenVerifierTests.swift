import JOSE
import Testing
import TokenCore
import TokenValidation

/// Each check of an access token has a token that fails it and nothing else.
@Suite struct AccessTokenVerifierTests {
    @Test func aTokenOfOursIsVerified() throws {
        let mint = try Mint()
        let token = try mint.verifier().verify(mint.token(), now: mint.now)
        #expect(token.session == mint.session)
        #expect(token.subject == Subject(integer: 1) && token.subject.isInteger)
        #expect(token.client == nil)
        #expect(token.key.text == mint.key.keyID)
        #expect(token.expiresAt == mint.now + .seconds(900))
        #expect(token.claims["user_id"] == .integer(1))
    }

    static let refused: [(String, @Sendable (inout JSONObject) -> Void, InvalidToken.Reason)] = [
        ("another issuer", { $0["iss"] = .string("https://evil.example") }, .claims(.wrongIssuer)),
        ("no issuer", { $0["iss"] = nil }, .claims(.wrongIssuer)),
        ("another audience", { $0["aud"] = .string("other") }, .claims(.wrongAudience)),
        ("no audience", { $0["aud"] = nil }, .claims(.wrongAudience)),
        ("an empty audience", { $0["aud"] = .array([]) }, .claims(.malformedAudience)),
        ("no expiry", { $0["exp"] = nil }, .claims(.noExpiry)),
        ("not yet valid", { $0["nbf"] = .integer(1_800_000_060) }, .claims(.notYetValid(until: 1_800_000_060))),
        ("no session", { $0["sid"] = nil }, .noSession),
        ("a session of another form", { $0["sid"] = .string("1") }, .noSession),
        ("no subject", { $0["sub"] = nil }, .claims(.noSubject)),
        ("a long subject", { $0["sub"] = .string(String(repeating: "x", count: 256)) }, .malformedClaim("sub")),
        ("a client that is a number", { $0["client_id"] = .integer(1) }, .malformedClaim("client_id")),
        ("another user", { $0["user_id"] = .integer(2) }, .malformedClaim("user_id")),
    ]

    @Test func everyWrongClaimIsRefusedForItsReason() throws {
        let mint = try Mint()
        for (what, change, reason) in Self.refused {
            #expect(throws: InvalidToken(reason), "\(what)") { try mint.verifier().verify(mint.token(change), now: mint.now) }
        }
    }

    /// Revocations are remembered for the most leeway, so no validator may have more.
    @Test func noValidatorHasMoreLeewayThanIsRemembered() throws {
        #expect(SessionPolicy.mostLeeway == .seconds(JWTPolicy.leewayBounds.upperBound))
        #expect(throws: JOSEError.self) {
            try AccessTokenVerifier.Policy(issuer: "i", audience: nil, leeway: SessionPolicy.mostLeeway + .seconds(1))
        }
    }

    @Test func theLeewayIsTheLastMoment() throws {
        let mint = try Mint()
        let token = try mint.token()
        let verifier = try mint.verifier()
        let verified = try verifier.verify(token, now: mint.now + .seconds(904))
        #expect(verifier.isLive(verified, now: mint.now + .seconds(904)))
        #expect(!verifier.isLive(verified, now: mint.now + .seconds(905)))
        #expect(throws: InvalidToken(.claims(.expired(at: 1_800_000_900)))) { try verifier.verify(token, now: mint.now + .seconds(905)) }
    }

    /// Canon 41, 46: the key decides, and only a key of the set.
    @Test func otherKeysAndTypesAreRefused() throws {
        let mint = try Mint(), stranger = try Mint()
        #expect(throws: InvalidToken(.unknownKey)) { try mint.verifier().verify(stranger.token(), now: mint.now) }
        #expect(throws: InvalidToken(.claims(.wrongType))) { try mint.verifier().verify(mint.token(type: "JWT"), now: mint.now) }
        var forged = try mint.token()
        forged[forged.count - 5] ^= 1
        let broken = forged
        #expect(throws: InvalidToken.self) { try mint.verifier().verify(broken, now: mint.now) }
        #expect(throws: InvalidToken.self) { try mint.verifier().verify(Array("a.b.c".utf8), now: mint.now) }
    }

    /// Canon 48.
    @Test func aLeewayOfMoreThanAMinuteIsNoPolicy() {
        #expect(throws: JOSEError.leewayOutOfRange) { try AccessTokenVerifier.Policy(issuer: "i", audience: nil, leeway: .seconds(61)) }
    }

    @Test func whatCannotBeATokenIsSeenWithoutParsing() throws {
        let mint = try Mint()
        #expect(AccessTokenVerifier.looksLikeToken(try mint.token()))
        for text in ["", "a.b", "a.b.c.d", "a.b.c=", "a.b.c d", String(repeating: "x", count: 16_400)] {
            #expect(!AccessTokenVerifier.looksLikeToken(Array(text.utf8)))
        }
    }
}
