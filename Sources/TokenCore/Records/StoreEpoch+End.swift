extension StoreEpoch {
    /// What ends everything born up to now, and at least a millisecond after the epoch before, which may have pushed births ahead of the clock.
    ///
    /// - Parameter read: the epoch in the store; nil if there was never one.
    public static func end(_ read: Versioned<StoreEpoch>?, policy: SessionPolicy, now: UnixTime) -> Decision<UnixTime> {
        let epoch = max(now, read.map { $0.record.upTo + .milliseconds(1) } ?? now)
        let batch = WriteBatch(
            partition: .control, now: now,
            writes: [.put(StoreEpoch(upTo: epoch, expiresAt: .distantFuture), over: read?.version ?? .absent)],
            revocations: [RevocationEntry(.everything(upTo: epoch), expiresAt: policy.lastAccessEnd(now: epoch))],
            events: [Event(.revoked, at: now, reason: "everything")])
        return Decision(.success(epoch), batch)
    }

    /// Ends everything born up to a time in a store that nobody serves.
    ///
    /// - Throws: what the store throws.
    public static func end(everythingUpTo time: UnixTime, in store: some RecordStore, policy: SessionPolicy) async throws(StoreError) {
        try await store.commit(end(try await store.load(StoreEpoch.self, id: (), now: time), policy: policy, now: time).batch)
    }
}
