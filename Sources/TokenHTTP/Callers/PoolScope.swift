import TokenCore

/// What a caller may do with a pool. `manage` implies `use`.
enum PoolAccess: Int, Comparable, Sendable {
    /// Nothing.
    case none
    /// Assign, keep alive, unblock, report.
    case use
    /// Everything.
    case manage

    static func < (a: PoolAccess, b: PoolAccess) -> Bool { a.rawValue < b.rawValue }
}

/// What a list of scope tokens (RFC 6749 section 3.3) allows here: `pool:NAME:use` and `pool:NAME:manage`, where `*` stands for every pool.
struct PoolScope: Sendable {
    private let tokens: [Substring]

    init(_ scope: String) { tokens = scope.split(separator: " ") }

    /// Whether this very token is in the list.
    func names(_ token: String) -> Bool { tokens.contains { $0 == token } }

    /// What it allows with a pool; with all of them where none is named.
    func access(to pool: PoolName?) -> PoolAccess {
        tokens.compactMap(Self.right).filter { $0.pool == "*" || $0.pool == pool?.text ?? "*" }.map(\.access).max() ?? .none
    }

    /// What a token says of pools; nil when it says nothing of them.
    static func right(_ token: Substring) -> (pool: Substring, access: PoolAccess)? {
        let words = token.split(separator: ":", omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "pool", words[1] == "*" || PoolName(String(words[1])) != nil else { return nil }
        switch words[2] {
        case "use": return (words[1], .use)
        case "manage": return (words[1], .manage)
        default: return nil
        }
    }
}

/// What a client may do: with a scope what stands in it, `login` among it, and without one everything that clients can do.
struct ClientScope: Sendable {
    private let scope: PoolScope?

    init(of client: ClientRecord) { scope = client.scope.map(PoolScope.init) }

    /// Whether it may log subjects in.
    var allowsLogin: Bool { scope?.names("login") ?? true }

    /// What it may do with a pool.
    func access(to pool: PoolName?) -> PoolAccess { scope?.access(to: pool) ?? .manage }

    /// Refuses a scope that would allow nothing that its writer meant.
    ///
    /// - Throws: `invalid_request`.
    static func check(_ scope: String) throws(OAuthError) {
        let tokens = scope.split(separator: " ", omittingEmptySubsequences: false)
        guard tokens.allSatisfy({ $0 == "login" || PoolScope.right($0) != nil }) else {
            throw OAuthError(.invalidRequest, "A client's scope is login, pool:NAME:use and pool:NAME:manage, one space between them.")
        }
    }
}
