import Synchronization
public import TokenCore

/// A token while `withToken` runs.
public final class HeldToken: Sendable {
    let token: AssignedPoolToken
    private let pools: TokenPoolClient
    private let hasEnded = Mutex(false)

    init(token: AssignedPoolToken, pools: TokenPoolClient) {
        self.token = token
        self.pools = pools
    }

    /// What it is good for.
    public var value: String { token.value }
    /// The fencing number: give it to whatever the token is used at, if that can refuse a lower one than it has seen.
    public var lease: LeaseNumber { token.lease }
    /// What stands beside it in the pool: a JSON object, or nothing.
    public var metadata: String? { token.metadata }

    /// Tells that it did not work, and so ends the assignment: the token rests for at least `retryAfter`, and is set aside after as many failures in
    /// a row as the pool allows. `withToken` then goes on to its end without giving the token back.
    ///
    /// - Parameter outcome: what went wrong in few words, such as the status `429`.
    /// - Throws: `.ended` when it was told before; `.leaseLost`, `.refused`, `.unreachable`, `.notUnderstood`.
    public func reportFailure(_ outcome: String, retryAfter: Duration? = nil) async throws {
        guard end() else { throw PoolClientError.ended }
        try await pools.report(token, outcome: outcome, retryAfter: retryAfter)
    }

    /// Whether it was given back or reported.
    var isEnded: Bool { hasEnded.withLock { $0 } }

    /// Whether this is the one call that ends it.
    func end() -> Bool {
        hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
    }
}
