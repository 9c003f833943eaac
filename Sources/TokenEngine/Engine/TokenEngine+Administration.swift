import Synchronization
public import TokenCore

extension TokenEngine {
    /// Ends everything born so far, whoever's it is: after a restore, or in an emergency.
    ///
    /// - Returns: the epoch: whatever was born at or before it is dead.
    @discardableResult
    public func endEverything() async throws(OAuthError) -> UnixTime {
        let epoch = try await change { now throws(StoreError) in
            let read = try await self.store.load(StoreEpoch.self, id: (), now: now)
            return StoreEpoch.end(read, policy: self.policy, now: now)
        } prepare: { epoch throws(OAuthError) in
            epoch
        }
        storeEpoch.withLock { $0 = latest($0, epoch) }
        return epoch
    }

    /// Whether the engine can do its work now.
    public struct Readiness: Sendable, Hashable {
        /// Whether the store can write; if not, why.
        public var storeFailure: String?
        /// Whether a key signs.
        public var canSign: Bool
        /// Whether the system's clock stands behind the time already given out.
        public var clockIsBehind: Bool

        /// A verdict.
        public init(storeFailure: String?, canSign: Bool, clockIsBehind: Bool) {
            self.storeFailure = storeFailure
            self.canSign = canSign
            self.clockIsBehind = clockIsBehind
        }

        /// Whether everything is as it should be.
        public var isReady: Bool { storeFailure == nil && canSign && !clockIsBehind }
    }

    /// Looks whether the store writes, a key signs and the clock is right.
    public func readiness() async -> Readiness {
        var failure: String?
        do { try await store.check() } catch { failure = "\(error)" }
        return Readiness(storeFailure: failure, canSign: minter.keys.signer != nil, clockIsBehind: clock.isBehind)
    }
}
