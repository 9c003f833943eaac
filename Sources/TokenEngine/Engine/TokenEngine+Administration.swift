public import TokenCore

extension TokenEngine {
    /// Ends everything born so far, whoever's it is: after a restore, or in an emergency.
    ///
    /// - Returns: the epoch: whatever was born at or before it is dead.
    @discardableResult
    public func endEverything() async throws(OAuthError) -> UnixTime {
        try await change { now throws(StoreError) in
            let read = try await self.store.load(StoreEpoch.self, id: (), now: now)
            return StoreEpoch.end(read, policy: self.policy, now: now)
        } prepare: { epoch throws(OAuthError) in
            epoch
        }
    }

    /// Whether the engine can do its work now: issuing needs the store, validating does not.
    public struct Readiness: Sendable, Hashable {
        /// Whether the store can write; if not, why.
        public var storeFailure: String?
        /// Whether a key signs.
        public var canSign: Bool
        /// Whether the clock stands behind the time already given out.
        public var clockIsBehind: Bool
        /// Whether any key is known whose tokens are accepted.
        public var knowsKeys: Bool
        /// Whether it is too long ago that the revocations of other instances were known.
        public var isStale: Bool

        /// A verdict.
        public init(storeFailure: String?, canSign: Bool, clockIsBehind: Bool, knowsKeys: Bool = true, isStale: Bool = false) {
            self.storeFailure = storeFailure
            self.canSign = canSign
            self.clockIsBehind = clockIsBehind
            self.knowsKeys = knowsKeys
            self.isStale = isStale
        }

        /// Whether tokens can be issued, sessions ended and keys changed.
        public var canIssue: Bool { storeFailure == nil && canSign && !clockIsBehind }
        /// Whether access tokens can be validated: from memory, whether or not the store answers now.
        public var canValidate: Bool { knowsKeys && !isStale }
        /// Whether everything is as it should be.
        public var isReady: Bool { canIssue && canValidate }
    }

    /// Looks whether the store writes, a key signs, keys are known, and the clock is right.
    ///
    /// - Parameters:
    ///   - follower: who follows the revocations of other instances; nil where there are none.
    ///   - limit: how long ago the follower may have known all of them.
    public func readiness(following follower: RevocationFollower? = nil, staleAfter limit: Duration = .seconds(30)) async -> Readiness {
        var failure: String?
        do { try await store.check() } catch { failure = "\(error)" }
        let keys = minter.keys
        return Readiness(
            storeFailure: failure, canSign: keys.signer != nil, clockIsBehind: clock.isBehind, knowsKeys: keys.knowsKeys,
            isStale: follower?.isStale(after: limit) ?? false)
    }
}
