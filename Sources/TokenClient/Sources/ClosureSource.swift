/// Tokens that a closure makes.
public struct ClosureSource: TokenSource {
    /// What tells it from others: its name.
    public let identity: TokenIdentity
    private let generate: @Sendable (TokenFetch) async throws -> IssuedToken

    /// - Parameters:
    ///   - name: tells it from other closures in one registry.
    ///   - generate: makes a token. What it throws is the failure that callers see.
    public init(_ name: String, generate: @escaping @Sendable (TokenFetch) async throws -> IssuedToken) {
        identity = TokenIdentity(issuer: name, grant: "closure")
        self.generate = generate
    }

    /// Calls the closure.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        do { return try await generate(fetch) } catch let error as TokenSourceError { throw error } catch {
            throw TokenSourceError(.other("\(error)"))
        }
    }
}
