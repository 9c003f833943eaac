/// How often the fast lane gave each of its answers. A value, so that a burst can be counted without touching anything shared.
struct FastCounts: Sendable, Hashable {
    /// `/authenticate` answered 200.
    private(set) var accepted: UInt64 = 0
    /// `/authenticate` answered 401.
    private(set) var refused: UInt64 = 0
    /// `/ping` answered 200.
    private(set) var pongs: UInt64 = 0

    /// Tokens of others, answered 200.
    private(set) var upstreamTokens: UInt64 = 0

    /// All of them.
    var total: UInt64 { accepted + refused + pongs + upstreamTokens }

    /// Counts one answer.
    mutating func count(_ target: RequestShape.Target, _ status: Reply.Status) {
        switch target {
        case .ping: pongs += 1
        case .upstreamToken: upstreamTokens += 1
        case .authenticate where status == .ok: accepted += 1
        case .authenticate: refused += 1
        case .login, .refresh, .pooledToken, .other: break
        }
    }

    /// Adds another count.
    mutating func add(_ other: FastCounts) {
        accepted += other.accepted
        refused += other.refused
        pongs += other.pongs
        upstreamTokens += other.upstreamTokens
    }
}
