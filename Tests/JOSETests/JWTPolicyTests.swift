import JOSE
import Testing

@Suite("What a verifier asks of a JWT")
struct JWTPolicyTests {
    private static let now: Int64 = 1_700_000_000
    private static let issuer = "https://issuer.example"

    private func policy(
        issuer: String? = Self.issuer, audience: [String]? = ["api"], type: TokenType = "at+jwt",
        requiresSubject: Bool = true, leeway: Int64 = 0
    ) throws -> JWTPolicy {
        try JWTPolicy(issuer: issuer, audience: audience, type: type, requiresSubject: requiresSubject, leeway: leeway)
    }

    /// Good claims with some replaced, or with nil removed; values are JSON texts.
    private func claims(_ changes: [String: String?] = [:]) throws -> JWTClaims {
        var members = ["iss": "\"\(Self.issuer)\"", "sub": "\"42\"", "aud": "\"api\"", "exp": "1700000900", "iat": "1700000000"]
        for (name, value) in changes { members[name] = value }
        return try JWTClaims(parsing: utf8("{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"))
    }

    private func refusal(
        _ changes: [String: String?], policy: JWTPolicy, type: String? = "at+jwt", now: Int64 = Self.now
    ) throws -> JWTRefusal? {
        let claims = try claims(changes)
        do {
            try policy.check(claims, type: type, now: now)
            return nil
        } catch { return error }
    }

    @Test func goodTokenIsAccepted() throws {
        #expect(try refusal([:], policy: policy()) == nil)
    }

    /// canon 45
    @Test(arguments: [nil, #""https://issuer.example/""#, #""https://ISSUER.example""#, #""""#, "1", #"["https://issuer.example"]"#, "null"])
    func issuerIsComparedExactly(_ value: String?) throws {
        #expect(try refusal(["iss": value], policy: policy()) == .wrongIssuer)
    }

    /// canon 45: no Unicode normalization, in the issuer or the audience.
    @Test func namesAreComparedByteByByte() throws {
        let composed = try policy(issuer: "caf\u{E9}", audience: ["caf\u{E9}"])
        #expect(try refusal(["iss": "\"caf\u{E9}\"", "aud": "\"caf\u{E9}\""], policy: composed) == nil)
        #expect(try refusal(["iss": "\"cafe\u{301}\"", "aud": "\"caf\u{E9}\""], policy: composed) == .wrongIssuer)
        #expect(try refusal(["iss": "\"caf\u{E9}\"", "aud": "\"cafe\u{301}\""], policy: composed) == .wrongAudience)
    }

    /// canon 45
    @Test(arguments: [nil, #""""#, "42", "null", #"["42"]"#])
    func subjectIsANonEmptyString(_ value: String?) throws {
        #expect(try refusal(["sub": value], policy: policy()) == .noSubject)
        let lenient = try policy(requiresSubject: false)
        #expect(try refusal(["sub": value], policy: lenient) == (value == nil ? nil : .noSubject))
    }

    /// canon 45: one name or a list of names, of which one must be ours.
    @Test(
        arguments: [
            (#""api""#, nil), (#"["api"]"#, nil), (#"["other","api"]"#, nil), (#""other""#, .wrongAudience), (#"["other"]"#, .wrongAudience),
            (#""API""#, .wrongAudience), (#""api ""#, .wrongAudience), (nil, .wrongAudience), ("[]", .malformedAudience),
            (#""""#, .malformedAudience),
            (#"[""]"#, .malformedAudience), (#"["api",""]"#, .malformedAudience), (#"["api",1]"#, .malformedAudience), ("1", .malformedAudience),
            ("null", .malformedAudience), (#"{"api":1}"#, .malformedAudience), (#"[["api"]]"#, .malformedAudience),
        ] as [(String?, JWTRefusal?)])
    func audienceIsAStringOrAnArray(_ value: String?, _ expected: JWTRefusal?) throws {
        #expect(try refusal(["aud": value], policy: policy()) == expected)
    }

    /// canon 45: an empty audience is refused even where none is asked for.
    @Test func malformedAudienceIsRefusedByEveryPolicy() throws {
        let anyAudience = try policy(audience: nil)
        #expect(try refusal(["aud": "[]"], policy: anyAudience) == .malformedAudience)
        #expect(try refusal(["aud": nil], policy: anyAudience) == nil)
        #expect(try refusal(["aud": #""somebody""#], policy: anyAudience) == nil)
        #expect(try refusal(["aud": #""api""#], policy: policy(audience: [])) == .wrongAudience)
    }

    /// canon 47: a token of one explicit type is never one of another, nor an untyped one.
    @Test func explicitTypesCannotBeSwapped() throws {
        let types = ["at+jwt", "dpop+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt", "JWT"]
        for expected in types {
            let rule: TokenType = expected == "JWT" ? .untyped : .exactly(expected)
            for found in types {
                let outcome = try refusal([:], policy: policy(type: rule), type: found)
                #expect(outcome == (found == expected ? nil : .wrongType), "\(found) for \(expected)")
            }
            #expect(try refusal([:], policy: policy(type: rule), type: nil) == (expected == "JWT" ? nil : .wrongType))
        }
    }

    /// canon 47: RFC 7515 section 4.1.9: case and a leading application/ make no difference, anything else does.
    @Test(arguments: [
        ("at+jwt", true), ("AT+JWT", true), ("application/at+jwt", true), ("Application/At+Jwt", true), ("application/application/at+jwt", false),
        ("text/at+jwt", false), ("at+jwt ", false), ("at+jwt;v=1", false), ("at-jwt", false), ("", false), ("application/", false),
    ])
    func typeIsAMediaType(_ found: String, _ accepted: Bool) throws {
        #expect(try refusal([:], policy: policy(), type: found) == (accepted ? nil : .wrongType))
    }

    @Test(arguments: [nil, "JWT", "dpop+jwt"])
    func anyTypeAsksForNothing(_ found: String?) throws {
        #expect(try refusal([:], policy: policy(type: .any), type: found) == nil)
    }

    /// canon 48: `exp` is the first second at which the token is over.
    @Test func expiryIsExclusiveAndMovedByTheLeeway() throws {
        for leeway in [0, 1, 60] as [Int64] {
            let policy = try policy(leeway: leeway)
            #expect(try refusal([:], policy: policy, now: 1_700_000_899 + leeway) == nil)
            #expect(try refusal([:], policy: policy, now: 1_700_000_900 + leeway) == .expired(at: 1_700_000_900))
        }
        #expect(try refusal(["exp": nil], policy: policy()) == .noExpiry)
    }

    /// canon 48
    @Test func notBeforeAndIssuedAtAreInclusiveAndMovedByTheLeeway() throws {
        for leeway in [0, 60] as [Int64] {
            let policy = try policy(leeway: leeway)
            let edge = Self.now + leeway
            #expect(try refusal(["nbf": "\(edge)"], policy: policy) == nil)
            #expect(try refusal(["nbf": "\(edge + 1)"], policy: policy) == .notYetValid(until: edge + 1))
            #expect(try refusal(["iat": "\(edge)"], policy: policy) == nil)
            #expect(try refusal(["iat": "\(edge + 1)"], policy: policy) == .issuedInTheFuture(at: edge + 1))
            #expect(try refusal(["iat": nil], policy: policy) == nil)
        }
    }

    /// canon 48: a fraction never lengthens a token's life.
    @Test func fractionIsTakenAgainstTheToken() throws {
        #expect(try refusal(["exp": "1700000000.9"], policy: policy()) == .expired(at: 1_700_000_000))
        #expect(try refusal(["exp": "1700000001.1"], policy: policy()) == nil)
        #expect(try refusal(["nbf": "1700000000.1"], policy: policy()) == .notYetValid(until: 1_700_000_001))
        #expect(try refusal(["exp": "1700000900.0", "iat": "1.7e9"], policy: policy()) == nil)
    }

    /// canon 48: strings, negative and huge numbers are no dates, wherever they stand.
    @Test(arguments: [
        #""1700000900""#, "-1", "-0.5", "-1700000900", "253402300800", "9223372036854775807", "9223372036854775808", "1e18", "1e308",
        "null", "true", "[]", "{}", "253402300799.5",
    ])
    func dateOutOfRangeIsMalformed(_ value: String) throws {
        #expect(try refusal(["exp": value], policy: policy()) == .malformedDate(.expiry))
        #expect(try refusal(["nbf": value], policy: policy()) == .malformedDate(.notBefore))
        #expect(try refusal(["iat": value], policy: policy()) == .malformedDate(.issuedAt))
    }

    @Test func theWholeRangeOfDatesIsUsable() throws {
        #expect(try refusal(["exp": "253402300799"], policy: policy(leeway: 60), now: 253_402_300_799) == nil)
        #expect(try refusal(["exp": "0"], policy: policy()) == .expired(at: 0))
        for now in [Int64.min, Int64.max] {
            #expect(try refusal(["nbf": "0"], policy: policy(leeway: 60), now: now) != nil)
        }
    }

    /// canon 48
    @Test(arguments: [-1, 61, Int64.max, Int64.min])
    func leewayIsAtMostAMinute(_ leeway: Int64) {
        #expect(throws: JOSEError.leewayOutOfRange) { try policy(leeway: leeway) }
    }

    @Test func everyRuleIsExplained() throws {
        let bad = try claims(["iss": nil, "sub": nil, "aud": nil, "exp": "1", "nbf": "1800000000", "iat": "1800000000"])
        let verdicts = try policy().verdicts(on: bad, type: "JWT", now: Self.now)
        let expected: [JWTRefusal] = [
            .wrongType, .wrongIssuer, .noSubject, .wrongAudience, .expired(at: 1), .notYetValid(until: 1_800_000_000),
            .issuedInTheFuture(at: 1_800_000_000),
        ]
        #expect(verdicts.map(\.rule) == JWTRule.allCases)
        #expect(verdicts.map(\.verdict) == expected.map(JWTVerdict.refused))
        #expect(expected.map(\.rule) == JWTRule.allCases)
        #expect(throws: JWTRefusal.wrongType) { try policy().check(bad, type: "JWT", now: Self.now) }
    }

    @Test func rulesThatNobodyAskedForSaySo() throws {
        let lenient = try JWTPolicy(issuer: nil, audience: nil, type: .any, requiresSubject: false)
        let bare = try JWTClaims(parsing: utf8(#"{"exp":1700000900}"#))
        let verdicts = lenient.verdicts(on: bare, type: nil, now: Self.now)
        #expect(verdicts.filter { $0.verdict == .holds }.map(\.rule) == [.expiry])
        #expect(verdicts.filter { $0.verdict == .notAsked }.count == JWTRule.allCases.count - 1)
    }

    @Test(arguments: ["[]", "1", #""a""#, "null", "", #"{"a":1,"a":1}"#])
    func payloadThatIsNoObjectHasNoClaims(_ payload: String) {
        #expect(throws: JOSEError.self) { try JWTClaims(parsing: utf8(payload)) }
    }

    @Test func claimsAreReadByName() throws {
        let claims = try claims(["jti": #""id""#, "nbf": "1.5"])
        #expect(claims.issuer == Self.issuer)
        #expect(claims.subject == "42")
        #expect(claims.audience == ["api"])
        #expect(claims.tokenID == "id")
        #expect(claims.expiry?.floor == 1_700_000_900)
        #expect(claims.issuedAt?.ceiling == 1_700_000_000)
        #expect(claims.notBefore?.floor == 1)
        #expect(claims.notBefore?.ceiling == 2)
    }
}
