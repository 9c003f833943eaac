import JOSE
public import TokenCore

/// A token that was taken out of a pool. Prints without its value.
public struct AssignedPoolToken: Sendable {
    /// Out of which.
    public let pool: PoolName
    /// What it is good for.
    public let value: String
    /// The fencing number: rises with each assignment of the pool, so that whoever the token is used at can refuse a holder that was overtaken.
    public let lease: LeaseNumber
    /// What stands beside it in the pool: a JSON object, or nothing.
    public let metadata: String?
    /// Until when it is the caller's unless it is kept alive, on the clock that only goes forward.
    public let expiresAt: ContinuousClock.Instant

    /// What every request about it says.
    func write(_ json: inout JSONWriter) {
        json.member("token", value)
        json.member("lease", lease.value)
    }
}

extension AssignedPoolToken: CustomStringConvertible, CustomReflectable {
    /// The pool and the lease.
    public var description: String { "a token of \(pool) under lease \(lease.value)" }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
