public import TokenCore

/// Where tokens come from: one way to get one, with all it needs.
///
/// Promises of an implementer:
/// - Two sources that could bring different tokens have different identities.
/// - `fetch` is never called again before it has returned, unless the manager has given up on it: then its task is cancelled.
/// - It ends soon after its task has been cancelled, or it is safe to be forgotten.
public protocol TokenSource: Sendable {
    /// Everything that changes the answer.
    var identity: TokenIdentity { get }

    /// Whether a fetch may be given up half-way. Not where its answer cannot be had a second time, such as a rotated refresh token. Without it: true.
    var mayBeAbandoned: Bool { get }

    /// Brings a token.
    ///
    /// - Throws: `TokenSourceError`, which says whether and when asking again makes sense.
    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken
}

extension TokenSource {
    /// Yes: what is lost can be had again.
    public var mayBeAbandoned: Bool { true }
}

/// What a manager tells a source about the fetch.
public struct TokenFetch: Sendable {
    /// The name of the manager or registry, for messages.
    public let name: String
    /// A token that is not accepted any more, as somebody found out: a source that shares or remembers tokens does not bring this one again.
    public let rejected: Secret?
    /// The token that the manager serves meanwhile, when it asks ahead of time: a source that shares or remembers tokens brings a newer one.
    public let held: Secret?
    /// After so much time the manager gives up.
    public let timeout: Duration

    /// A fetch.
    public init(name: String, rejected: Secret? = nil, held: Secret? = nil, timeout: Duration = .seconds(30)) {
        self.name = name
        self.rejected = rejected
        self.held = held
        self.timeout = timeout
    }
}

/// What a source brought.
public struct IssuedToken: Sendable {
    /// What is sent.
    public var value: Secret
    /// `token_type`.
    public var type: String
    /// How long it lasts.
    public var lifetime: TokenLifetime
    /// `scope`, if the issuer said what it granted.
    public var scope: String?

    /// A token as it was issued.
    public init(_ value: Secret, type: String = "Bearer", lifetime: TokenLifetime, scope: String? = nil) {
        self.value = value
        self.type = type
        self.lifetime = lifetime
        self.scope = scope
    }

    /// A token as it was issued.
    public init(_ value: String, type: String = "Bearer", lifetime: TokenLifetime, scope: String? = nil) {
        self.init(Secret(Array(value.utf8)), type: type, lifetime: lifetime, scope: scope)
    }
}
