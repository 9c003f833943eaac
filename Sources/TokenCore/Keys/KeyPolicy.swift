/// How signing keys come and go.
public struct KeyPolicy: Hashable, Sendable {
    /// The `alg` of keys made from now on. When the signing key has another, it hands over as soon as it may.
    public var algorithm: String
    /// How long a key signs before the next takes over; nil for no schedule.
    public var rotateEvery: Duration?
    /// How long a key is in the key set before it signs: longer than any cache of the key set lives (canon 51).
    public var publishAhead: Duration
    /// The longest lifetime of an access token minted now.
    public var accessLifetime: Duration
    /// How long another instance may go on signing with a key that was relieved here: it stops when it has not seen the ring for so long.
    public var lag: Duration
    /// How long a retired key is listed.
    public var remembered: Duration
    /// How long a session begun now may last: so long is the seal key needed that it was born with.
    public var refreshLifetime: Duration

    /// A policy; the defaults are those of the configuration.
    public init(
        algorithm: String = "ES256", rotateEvery: Duration? = .seconds(30 * 86_400), publishAhead: Duration = .seconds(3600),
        accessLifetime: Duration = .seconds(900), lag: Duration = .seconds(60),
        remembered: Duration = .seconds(30 * 86_400), refreshLifetime: Duration = .seconds(720 * 3600)
    ) {
        self.algorithm = algorithm
        self.rotateEvery = rotateEvery
        self.publishAhead = publishAhead
        self.accessLifetime = accessLifetime
        self.lag = lag
        self.remembered = remembered
        self.refreshLifetime = refreshLifetime
    }

    /// How long a key must be accepted after it stopped signing: the longest token it gave out, on the instance that noticed last, with the
    /// most leeway of any validator and the second lost to rounding.
    func overlap(after duty: RingKey.Duty) -> Duration { duty.longestToken + SessionPolicy.mostLeeway + lag + .seconds(1) }

    /// How long caches may keep the key set: half of what a new key waits, so that it is in every cache before it signs (canon 51, RFC 9111
    /// section 5.2.2.1); never more than a day.
    public var cacheLifetime: Duration { min(publishAhead / 2, .seconds(86_400)) }

    /// How long a revoked key must be remembered: whoever has its private half may have given a token any expiry, so what counts is how long a
    /// validator may still hold the key itself, or a token of it as verified.
    func memory(after duty: RingKey.Duty?) -> Duration {
        max(publishAhead, max(duty?.longestToken ?? .zero, accessLifetime)) + SessionPolicy.mostLeeway + lag + .seconds(1)
    }
}
