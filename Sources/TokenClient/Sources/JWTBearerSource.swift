public import JOSE
import TokenCore

/// Tokens for an assertion that the program signs itself (`jwt-bearer`, RFC 7523 section 2.1): service accounts.
public struct JWTBearerSource: TokenSource {
    /// What every assertion says.
    public struct Account: Sendable {
        /// What signs, under which `kid`, for which `aud`; that is the token endpoint unless told otherwise.
        public var key: ClientKey
        /// `iss`: the account.
        public var issuer: String
        /// `sub`: on whose behalf; the account itself unless told otherwise.
        public var subject: String
        /// What else the server wants to read in the assertion; some want `scope` there.
        public var claims: JSONObject

        /// An account.
        public init(issuer: String, subject: String? = nil, key: ClientKey, claims: JSONObject = JSONObject()) {
            self.issuer = issuer
            self.subject = subject ?? issuer
            self.key = key
            self.claims = claims
        }
    }

    /// Endpoint, client and its credential, account, key, claims, scopes and resources.
    public let identity: TokenIdentity
    private let endpoint: TokenEndpoint
    private let request: GrantRequest
    private let account: Account

    /// - Parameter endpoint: most servers want no credential beside the assertion: authentication `.none` and an empty client id.
    public init(_ endpoint: TokenEndpoint, account: Account, _ request: GrantRequest = GrantRequest()) {
        self.endpoint = endpoint
        self.request = request
        self.account = account
        let said = [
            account.issuer, account.key.key.keyID, account.key.keyID, account.key.audience ?? "",
            String(decoding: JSONValue.object(account.claims).serialized, as: UTF8.self),
        ]
        identity = request.identity(
            of: endpoint, grant: "urn:ietf:params:oauth:grant-type:jwt-bearer", subject: account.subject, further: said)
    }

    /// Signs an assertion, valid for a minute, and shows it.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let assertion = Assertion(
            issuer: account.issuer, subject: account.subject, audience: account.key.audience ?? endpoint.url, claims: account.claims)
        var form = Form()
        form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        form.add("assertion", secret: try assertion.signed(with: account.key.key, keyID: account.key.keyID, now: Moment.read().wall))
        request.add(to: &form)
        return try endpoint.issued(from: try await endpoint.exchange(form, timeout: fetch.timeout)).token
    }
}
