/// When the failures of a repeated piece of work are worth a line of the log: the first, then one a minute, and once that they are over.
struct Trouble: Sendable {
    /// The pause between two lines that say the same.
    static let silence = Duration.seconds(60)

    /// Since the last success.
    private var failures = 0
    private var lastTold: ContinuousClock.Instant?

    /// A piece failed.
    ///
    /// - Returns: how many did in a row, if that is worth a line.
    mutating func failed(at now: ContinuousClock.Instant) -> Int? {
        failures += 1
        if let lastTold, now - lastTold < Self.silence { return nil }
        lastTold = now
        return failures
    }

    /// A piece succeeded.
    ///
    /// - Returns: how many failed in a row before it, if any did.
    mutating func ended() -> Int? {
        guard failures > 0 else { return nil }
        defer { self = Trouble() }
        return failures
    }
}
