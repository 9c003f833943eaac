import TokenEngine

/// The engine's verdict on itself, at most a second old and looked for by one caller at a time: looking costs a write that is synced, and
/// whoever asks needs no credential.
actor ReadinessProbe {
    private let look: @Sendable () async -> TokenEngine.Readiness
    private var last: (verdict: TokenEngine.Readiness, at: ContinuousClock.Instant)?
    private var looking: Task<TokenEngine.Readiness, Never>?
    /// Probes come every few seconds; so none of them waits longer for the truth than it would anyway.
    private static let validity = Duration.seconds(1)

    init(_ look: @escaping @Sendable () async -> TokenEngine.Readiness) { self.look = look }

    /// The verdict.
    ///
    /// - Parameter now: of the monotonic clock.
    func verdict(now: ContinuousClock.Instant = .now) async -> TokenEngine.Readiness {
        if let last, now - last.at < Self.validity { return last.verdict }
        if let looking { return await looking.value }
        let task = Task { await look() }
        looking = task
        let verdict = await task.value
        looking = nil
        last = (verdict, now)
        return verdict
    }
}
