extension StoreEpoch {
    /// What ends everything born up to now, and at least a millisecond after the epoch before, which may have pushed births ahead of the clock.
    ///
    /// - Parameters:
    ///   - read: the epoch in the store; nil if there was never one.
    ///   - time: at least up to then, when births are known that are ahead of the clock.
    public static func end(
        _ read: Versioned<StoreEpoch>?, upTo time: UnixTime = .epoch, policy: SessionPolicy, now: UnixTime
    ) -> Decision<UnixTime> {
        let epoch = max(now, time, read.map { $0.record.upTo + .milliseconds(1) } ?? now)
        let batch = WriteBatch(
            partition: .control, now: now,
            writes: [.put(StoreEpoch(upTo: epoch, expiresAt: .distantFuture), over: read?.version ?? .absent)],
            revocations: [RevocationEntry(.everything(upTo: epoch), expiresAt: policy.lastAccessEnd(now: epoch))],
            events: [Event(.revoked, at: now, reason: "everything")])
        return Decision(.success(epoch), batch)
    }

    /// Ends everything born so far in a store that nobody serves, whatever clock it was born by: after a restore.
    ///
    /// The machine that the data comes from may have been ahead of this one, and configured with a longer access lifetime than this one and than
    /// anything in the data tells: the epoch is not before any birth or epoch in the store, and is remembered for the longest lifetime there is.
    ///
    /// - Parameter time: at least up to then.
    /// - Throws: what the store throws.
    public static func endEverything(
        in store: some RecordStore, upTo time: UnixTime = .epoch, policy: SessionPolicy, now: UnixTime
    ) async throws(StoreError) {
        var policy = policy
        policy.longestAccessLifetime = SessionPolicy.mostAccessLifetime
        let latest = max(time, try await latestBirth(in: store))
        try await store.commit(end(try await store.load(StoreEpoch.self, id: (), now: now), upTo: latest, policy: policy, now: now).batch)
    }

    /// The latest birth of a session, or epoch of a subject, that a store has: every row of both is read.
    private static func latestBirth(in store: some RecordStore) async throws(StoreError) -> UnixTime {
        var latest = UnixTime.epoch
        for number in 0..<store.partitionCount {
            guard let partition = Partition(number: UInt16(number)) else { break }
            for kind in [RecordKind.family, .subject] {
                var query = RecordQuery(partition: partition, kind: kind, limit: 1000)
                while true {
                    // Expired rows count too: what they stood for may have been handed out by a clock that was ahead.
                    let page = try await store.find(query, now: .epoch)
                    for stored in page {
                        let time = kind == .family ? SessionID(bytes: stored.key.id)?.birth : try SubjectRecord(stored: stored).epoch
                        latest = max(latest, time ?? latest)
                    }
                    guard page.count == query.limit, let last = page.last else { break }
                    query.after = last.key.id
                }
            }
        }
        return latest
    }
}
