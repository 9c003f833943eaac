import JOSE
public import TokenCore

/// Tokens in exchange for others (RFC 8693): somebody's token for one with a narrower use.
public struct TokenExchangeSource: TokenSource {
    /// A token that is shown, and what it is (RFC 8693 section 3).
    public struct Token: Sendable {
        /// What is shown.
        public var value: Secret
        /// Its type, an URI.
        public var type: String

        /// An access token unless told otherwise.
        public init(_ value: Secret, type: String = Kind.accessToken) {
            self.value = value
            self.type = type
        }
    }

    /// Types that RFC 8693 section 3 registers.
    public enum Kind {
        /// An OAuth access token of the authorization server that is asked.
        public static let accessToken = "urn:ietf:params:oauth:token-type:access_token"
        /// A refresh token of it.
        public static let refreshToken = "urn:ietf:params:oauth:token-type:refresh_token"
        /// An ID token of OpenID Connect.
        public static let idToken = "urn:ietf:params:oauth:token-type:id_token"
        /// Any JWT, such as one of a Kubernetes service account.
        public static let jwt = "urn:ietf:params:oauth:token-type:jwt"
    }

    /// Endpoint, client and its credential, scopes, resources, audiences, the type asked for, and the tokens shown by digests.
    public let identity: TokenIdentity
    private let endpoint: TokenEndpoint
    private let request: GrantRequest
    private let subject: Token
    private let actor: Token?
    private let requestedType: String

    /// - Parameters:
    ///   - subject: on whose behalf.
    ///   - actor: who acts, if it is somebody else than the subject (RFC 8693 section 1.1).
    ///   - requestedType: empty: what the server chooses.
    public init(
        _ endpoint: TokenEndpoint, subject: Token, actor: Token? = nil, requestedType: String = "", _ request: GrantRequest = GrantRequest()
    ) {
        self.endpoint = endpoint
        self.request = request
        self.subject = subject
        self.actor = actor
        self.requestedType = requestedType
        let shown = [subject, actor].map { $0.map { "\($0.type) \(digest(of: $0.value, for: endpoint.url))" } ?? "" }
        identity = request.identity(
            of: endpoint, grant: "urn:ietf:params:oauth:grant-type:token-exchange", subject: shown[0], further: [shown[1], requestedType])
    }

    /// Shows the tokens and asks for another.
    ///
    /// - Throws: also `.notUnderstood` where the answer does not say what was issued (RFC 8693 section 2.2.1).
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        var form = Form()
        form.add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
        form.add("subject_token", secret: subject.value)
        form.add("subject_token_type", subject.type)
        if let actor {
            form.add("actor_token", secret: actor.value)
            form.add("actor_token_type", actor.type)
        }
        form.add("requested_token_type", unlessEmpty: requestedType)
        request.add(to: &form)
        let answer = try await endpoint.exchange(form, timeout: fetch.timeout)
        let token = try endpoint.issued(from: answer).token
        guard let issued = TokenAnswer.object(answer.body)?["issued_token_type"]?.string else {
            throw TokenAnswer.misread("issued_token_type is missing")
        }
        guard requestedType.isEmpty || issued == requestedType else { throw TokenAnswer.misread("another type of token came than was asked for") }
        return token
    }
}
