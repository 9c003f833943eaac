/// What one fetch may do: how long, how much, how far.
public struct FetchPolicy: Sendable, Hashable {
    /// For everything together: names, connections, redirects, bodies.
    public var deadline: Duration
    /// The longest body, in bytes.
    public var largestBody: Int
    /// How many redirects are followed; each is judged like a URL of a stranger.
    public var redirects: Int
    /// Where the first URL may lead.
    public var reach: Reach

    /// Who named the URL decides how far it may lead.
    public enum Reach: Sendable, Hashable {
        /// A stranger did, such as a client with its `jwks_uri`: only public addresses.
        case publicInternet
        /// The operator did: any address, but `http` only to this machine.
        case anywhere
    }

    /// - Parameters:
    ///   - deadline: 10 s by default: a person waits for it.
    ///   - largestBody: 256 KiB by default: a key set of a hundred ML-DSA keys.
    ///   - redirects: 3 by default.
    public init(reach: Reach, deadline: Duration = .seconds(10), largestBody: Int = 262_144, redirects: Int = 3) {
        self.reach = reach
        self.deadline = deadline
        self.largestBody = largestBody
        self.redirects = redirects
    }
}
