public import TokenCore

extension TokenEngine {
    /// Whoever follows the revocations of all instances that share `store` and has this engine's enforcers enforce them. Start it before the first
    /// request, in place of `start`, and run it.
    ///
    /// - Parameters:
    ///   - store: the engine's own.
    ///   - keys: who looks at the key ring at once when a key was revoked elsewhere.
    ///   - maxStaleness: for how long after the last completed look this instance is not stale.
    public func follower(
        of store: any SharedStore, keys: KeyKeeper? = nil, maxStaleness: Duration = .seconds(30)
    ) -> RevocationFollower {
        let enforcement = RevocationFollower.Enforcement(
            enforce: { entries in
                await self.enforce(entries)
                if entries.contains(where: \.isOfKey) { await keys?.lookAgain() }
            },
            look: { () throws(StoreError) in try await self.loadStoreEpoch() })
        return RevocationFollower(of: store, clock: clock, maxStaleness: maxStaleness, enforcement: enforcement, logger: logger)
    }
}

extension RevocationEntry {
    fileprivate var isOfKey: Bool { if case .key = target { true } else { false } }
}
