public import TokenClient

/// Who may have an upstream's tokens, as the configuration names callers.
public enum UpstreamCaller: Sendable, Hashable {
    /// A client, by the name or the id that `mintmark clients` shows.
    case client(String)
    /// A program of this machine, by the rule of `login.require`; on a Unix socket whoever can connect.
    case loopback
    /// A process of that user, by what the system says of a Unix socket's other end.
    case user(UInt32)
}

/// One line of an upstream's policy: a caller, and whose token it gets.
public struct UpstreamRule: Sendable {
    /// Who.
    public let caller: UpstreamCaller
    /// The tokens for this caller: with a narrower scope those of another identity, so that they are never mixed up.
    public let manager: TokenManager

    /// A rule.
    public init(_ caller: UpstreamCaller, gets manager: TokenManager) {
        self.caller = caller
        self.manager = manager
    }
}

/// Tokens that somebody else issues, and who may have them.
public struct Upstream: Sendable {
    /// What it is called: a segment of a path, and a label of metrics.
    public let name: String
    /// The kind of its source, such as `client_credentials`.
    public let source: String
    /// Its tokens with the scope that is configured for all.
    public let manager: TokenManager
    /// Who may have them; nobody else may.
    public let rules: [UpstreamRule]
    /// Whether its tokens are bound to a key that the server has (RFC 9449): then nobody else can use one, and none is handed out.
    public let isBound: Bool
    /// Where `/upstreams/{name}/proxy/…` leads; nil for nowhere.
    public let proxy: UpstreamProxyPlace?

    /// An upstream.
    public init(
        name: String, source: String, manager: TokenManager, rules: [UpstreamRule], isBound: Bool = false, proxy: UpstreamProxyPlace? = nil
    ) {
        self.name = name
        self.source = source
        self.manager = manager
        self.rules = rules
        self.isBound = isBound
        self.proxy = proxy
    }

    /// Every manager once.
    var managers: [TokenManager] {
        var found = [manager]
        for rule in rules where !found.contains(where: { $0 === rule.manager }) { found.append(rule.manager) }
        return found
    }

    /// The managers that somebody may ask.
    var usedManagers: [TokenManager] { managers.filter { manager in rules.contains { $0.manager === manager } } }
}

/// All upstreams of a server.
public struct Upstreams: Sendable {
    /// By their names' order.
    public let all: [Upstream]
    /// Where each stands in `all`.
    private let places: [String: Int]

    /// Upstreams whose names differ.
    public init(_ upstreams: [Upstream]) {
        let sorted = upstreams.sorted { $0.name < $1.name }
        places = Dictionary(sorted.indices.map { (sorted[$0].name, $0) }) { first, _ in first }
        all = sorted
    }

    /// Where the one of that name stands.
    func place(of name: String) -> Int? { places[name] }
}
