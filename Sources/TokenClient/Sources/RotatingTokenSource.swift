public import TokenCore

/// A source whose every token may cost the refresh token that brought it: who keeps refresh tokens (a vault) takes it apart.
///
/// Promises of an implementer:
/// - `exchange` sends the refresh token at most once, unless the server has refused the first request before looking at it.
/// - `issued` reads what `exchange` brought and nothing else, and always alike.
/// - `fetch` does both, beginning with `firstRefreshToken` and then with the newest that came.
public protocol RotatingTokenSource: TokenSource {
    /// What the source was set up with; who keeps grants begins with it when there is no newer one.
    var firstRefreshToken: Secret { get }

    /// Presents a refresh token.
    ///
    /// - Returns: the answer as it came, also a refusal: store it, then read it.
    /// - Throws: when there was no answer. Whether the request had an effect is then not known.
    func exchange(_ refreshToken: Secret, for fetch: TokenFetch) async throws(TokenSourceError) -> TokenAnswer

    /// Reads an answer.
    ///
    /// - Throws: `.refused`, `.status`, `.notUnderstood`.
    func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant
}

extension RotatingTokenSource {
    /// No: what the answer brings in place of the refresh token cannot be had a second time.
    public var mayBeAbandoned: Bool { false }
}
