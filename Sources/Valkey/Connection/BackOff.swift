/// How long to wait before the next try: twice as long each time, up to a most, and never the same for two clients.
public struct BackOff: Sendable, Hashable {
    /// Before the second try.
    public var first: Duration
    /// Never longer than this.
    public var most: Duration

    /// - Parameters:
    ///   - first: before the second try.
    ///   - most: never longer than this.
    public init(first: Duration, most: Duration) {
        self.first = first
        self.most = most
    }

    /// Between half and all of the doubled time.
    ///
    /// - Parameters:
    ///   - failures: how many tries failed, at least 1.
    ///   - chance: from 0 to 1, drawn by the caller. Clients that lost the same server must not come back all at once.
    func wait(failures: Int, chance: Double) -> Duration {
        let doubled = min(first * (1 << min(max(failures, 1) - 1, 20)), most)
        return doubled / 2 + doubled / 2 * chance
    }
}
