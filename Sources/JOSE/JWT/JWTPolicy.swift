/// What a verifier asks of a token whose signature is right (RFC 7519 section 4.1, RFC 8725 sections 3.8 to 3.11).
public struct JWTPolicy: Sendable, Hashable {
    /// The one issuer, compared byte by byte; nil asks for none.
    public let issuer: String?
    /// The names this verifier answers to, of which `aud` must contain one; nil asks for none.
    public let audience: [String]?
    /// The accepted `typ`.
    public let type: TokenType
    /// Whether a token must have a subject.
    public let requiresSubject: Bool
    /// How far clocks may differ, in seconds.
    public let leeway: Int64

    /// The bounds of the leeway, in seconds.
    public static let leewayBounds: ClosedRange<Int64> = 0...60

    /// - Parameters:
    ///   - issuer: as configured, never taken from the token; nil for none.
    ///   - audience: at least one name for a resource server; nil for none.
    ///   - leeway: 0...60 s.
    /// - Throws: `.leewayOutOfRange`.
    public init(
        issuer: String?, audience: [String]?, type: TokenType, requiresSubject: Bool = true, leeway: Int64 = 0
    ) throws(JOSEError) {
        guard Self.leewayBounds ~= leeway else { throw .leewayOutOfRange }
        self.issuer = issuer
        self.audience = audience
        self.type = type
        self.requiresSubject = requiresSubject
        self.leeway = leeway
    }

    /// Asks every rule until one refuses.
    ///
    /// - Parameters:
    ///   - type: the `typ` of the header.
    ///   - now: seconds since 1970, read once by the caller.
    public func check(_ claims: JWTClaims, type: String?, now: Int64) throws(JWTRefusal) {
        for rule in JWTRule.allCases {
            if case .refused(let refusal) = verdict(of: rule, on: claims, type: type, now: now) { throw refusal }
        }
    }

    /// Asks every rule and tells what came of each, for explaining a refusal.
    public func verdicts(
        on claims: JWTClaims, type: String?, now: Int64
    ) -> [(rule: JWTRule, verdict: JWTVerdict)] {
        JWTRule.allCases.map { ($0, verdict(of: $0, on: claims, type: type, now: now)) }
    }

    /// Asks one rule.
    public func verdict(of rule: JWTRule, on claims: JWTClaims, type: String?, now: Int64) -> JWTVerdict {
        switch rule {
        case .type: typeVerdict(type)
        case .issuer: issuerVerdict(claims)
        case .subject: subjectVerdict(claims)
        case .audience: audienceVerdict(claims)
        case .expiry: expiryVerdict(claims, now: now)
        case .notBefore: notBeforeVerdict(claims, now: now)
        case .issuedAt: issuedAtVerdict(claims, now: now)
        }
    }
}

extension JWTPolicy {
    private func typeVerdict(_ found: String?) -> JWTVerdict {
        if type == .any { return .notAsked }
        return type.accepts(found) ? .holds : .refused(.wrongType)
    }

    private func issuerVerdict(_ claims: JWTClaims) -> JWTVerdict {
        guard let issuer else { return .notAsked }
        return claims.issuer?.hasSameBytes(as: issuer) == true ? .holds : .refused(.wrongIssuer)
    }

    private func subjectVerdict(_ claims: JWTClaims) -> JWTVerdict {
        if claims["sub"] == nil, !requiresSubject { return .notAsked }
        return claims.subject?.isEmpty == false ? .holds : .refused(.noSubject)
    }

    private func audienceVerdict(_ claims: JWTClaims) -> JWTVerdict {
        guard claims["aud"] != nil else { return audience == nil ? .notAsked : .refused(.wrongAudience) }
        guard let named = claims.audience else { return .refused(.malformedAudience) }
        guard let audience else { return .notAsked }
        let isMeant = audience.contains { own in named.contains { $0.hasSameBytes(as: own) } }
        return isMeant ? .holds : .refused(.wrongAudience)
    }

    /// The date is the first moment at which the token is over (RFC 7519 section 4.1.4).
    private func expiryVerdict(_ claims: JWTClaims, now: Int64) -> JWTVerdict {
        guard let value = claims["exp"] else { return .refused(.noExpiry) }
        guard let date = NumericDate(value) else { return .refused(.malformedDate(.expiry)) }
        return date.floor + leeway > now ? .holds : .refused(.expired(at: date.floor))
    }

    private func notBeforeVerdict(_ claims: JWTClaims, now: Int64) -> JWTVerdict {
        guard let value = claims["nbf"] else { return .notAsked }
        guard let date = NumericDate(value) else { return .refused(.malformedDate(.notBefore)) }
        return date.ceiling - leeway <= now ? .holds : .refused(.notYetValid(until: date.ceiling))
    }

    private func issuedAtVerdict(_ claims: JWTClaims, now: Int64) -> JWTVerdict {
        guard let value = claims["iat"] else { return .notAsked }
        guard let date = NumericDate(value) else { return .refused(.malformedDate(.issuedAt)) }
        return date.ceiling - leeway <= now ? .holds : .refused(.issuedInTheFuture(at: date.ceiling))
    }
}
