public import TokenCore

/// The answer of a token endpoint as it came: what may be stored, sealed, before anybody looks into it. Prints without its body.
public struct TokenAnswer: Sendable {
    /// 200, 400, …
    public var status: Int
    /// What `Retry-After` meant when the answer came; a date is counted from the server's own `Date`.
    public var retryAfter: Duration?
    /// The bytes: mostly JSON with tokens in it, at most 256 KiB.
    public var body: Secret
    /// What was sent and must not come back in an error's words.
    var presented: [Secret] = []

    /// An answer that was kept.
    public init(status: Int, retryAfter: Duration? = nil, body: Secret) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }

    init(_ response: TokenEndpointResponse, presented: [Secret], now: UnixTime) {
        self.init(status: response.status, retryAfter: RetryAfter.read(response.headers, now: now), body: response.body)
        self.presented = presented
    }
}

/// What a grant brought: a token, and what replaces the refresh token that was presented, if the server rotated it.
public struct IssuedGrant: Sendable {
    /// The access token.
    public var token: IssuedToken
    /// The next refresh token; nil: the old one stays.
    public var refreshToken: Secret?

    /// A grant.
    public init(_ token: IssuedToken, refreshToken: Secret? = nil) {
        self.token = token
        self.refreshToken = refreshToken
    }
}
