import TokenCore

extension OAuthError {
    /// Why a pool did not do what it was asked: the one mapping of its answers to refusals.
    ///
    /// - Parameter now: what a moment to come back is counted from.
    init(_ outcome: PoolOutcome, now: UnixTime) {
        switch outcome {
        case .noPool: self.init(.notFound, "There is no such pool.")
        case .otherPolicy:
            self.init(
                .conflict, "The pool is there with other rules; its order, its parts, and whether holders are limited, are fixed when it is made.")
        case .full: self.init(.poolFull, "The pool would have more tokens than it may.")
        case .noneFree(let next): self.init(.noneFree, "Not enough tokens are free.", retryAfter: Self.pause(until: next, now: now))
        case .queueFull: self.init(.temporarilyUnavailable, "Too many wait for this pool.", detail: "the queue is full", retryAfter: .seconds(1))
        case .holderLimit: self.init(.holderLimit, "The holder would have more tokens than one holder may.")
        case .draining: self.init(.poolDraining, "The pool is being drained: it assigns nothing any more.")
        case .noToken: self.init(.notFound, "The token is not in the pool.")
        case .notAssigned: self.init(.notAssigned, "The token is not assigned.")
        case .staleLease: self.init(.staleLease, "The lease is not the current one; nothing was changed.")
        case .done, .more, .added, .assigned, .split, .waiting, .alive, .resting, .quarantined, .shrunk, .statistics, .tokens:
            self.init(.serverError, "The pool gave an answer to another question.", detail: "\(outcome)")
        }
    }

    /// The longest that a caller is told to stay away: something may be given back at any time before.
    private static let longestPause = Duration.seconds(60)

    /// Whole seconds, rounded up, from one on.
    private static func pause(until next: UnixTime?, now: UnixTime) -> Duration {
        guard let next else { return longestPause }
        return .seconds(max(1, min(longestPause, next - now + .milliseconds(999)).components.seconds))
    }
}

extension TokenPools {
    /// The refusal that an outcome is.
    func refusal(_ outcome: PoolOutcome) -> OAuthError { OAuthError(outcome, now: clock.now()) }
}
