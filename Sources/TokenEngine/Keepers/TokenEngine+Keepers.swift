public import ServiceLifecycle
import TokenCore

extension TokenEngine {
    /// The engine's long work, one service each: expired rows, dead sessions' rows, activity.
    ///
    /// Pauses: activity is written every 5 s, so that a crash forgets no more; rows are swept every second and dead sessions' rows reaped every 10 s,
    /// both in pieces that hold nothing up.
    public var keepers: [any Service] { keepers { true } }

    /// The same, of one of many instances that share a store.
    ///
    /// - Parameter leads: whether this instance is the one that reaps; of many, one is enough.
    public func keepers(leads: @escaping @Sendable () -> Bool) -> [any Service] {
        [
            Keeper("sweeper", every: .seconds(1), logger: logger) { try await self.sweep() },
            Keeper("reaper", every: .seconds(10), logger: logger) { if leads() { try await self.reap() } },
            Keeper("activity", every: .seconds(5), logger: logger) { try await self.writeActivity() },
        ]
    }

    /// Removes what has expired, at most 20 times 500 records a piece; from memory alone where the store does it by itself.
    func sweep() async throws(StoreError) {
        let now = clock.now()
        enforcers.expire(now: now)
        if store.expiresByItself { return }
        for _ in 0..<20 {
            if try await store.sweep(now: now, limit: 500) < 500 { return }
        }
    }

    /// Writes what `recordActivity` noted: merged, so that it never conflicts with a refresh.
    func writeActivity() async throws(StoreError) {
        let now = clock.now()
        activity.sweep(now: now)
        let seen = activity.pending()
        for (partition, sessions) in Dictionary(grouping: seen, by: \.key.partition) {
            for start in stride(from: 0, to: sessions.count, by: 512) {
                let part = sessions[start..<min(start + 512, sessions.count)]
                var batch = WriteBatch(partition: partition, now: now)
                batch.writes = part.map { id, time in
                    .touch(
                        Family.key(for: id), Activity(lastSeen: time),
                        extendingTo: min(id.birth + policy.refreshLifetime, policy.idleEnd(lastSeen: time)))
                }
                try await store.commit(batch)
                activity.forget(Dictionary(uniqueKeysWithValues: part.map { ($0.key, $0.value) }))
            }
        }
    }

    /// Shortens the rows of sessions that an epoch ended to the life of their last access token: a hundred at a time, each by compare-and-swap.
    func reap() async throws(StoreError) {
        for number in 0..<store.partitionCount {
            guard let partition = Partition(number: UInt16(number)) else { return }
            let query = RecordQuery(partition: partition, kind: .subject, indexKey: SubjectRecord.reaperIndex, limit: 100)
            for stored in try await store.find(query, now: clock.now()) {
                try await reap(Versioned(try SubjectRecord(stored: stored), version: stored.version))
            }
        }
    }

    private func reap(_ subject: Versioned<SubjectRecord>) async throws(StoreError) {
        let partition = subject.record.partition
        var query = RecordQuery(partition: partition, kind: .family, indexKey: Array(subject.record.subject.text.utf8), limit: 100)
        repeat {
            let now = clock.now()
            let page = try await store.find(query, now: now)
            var batch = WriteBatch(partition: partition, now: now)
            for stored in page {
                var family = try Family(stored: stored)
                guard case .active = family.life, let epoch = subject.record.epoch, family.id.birth <= epoch else { continue }
                family.revoke(.epoch, policy: policy, now: now)
                batch.writes.append(.put(family, over: stored.version))
            }
            if !batch.isEmpty { try await store.commit(batch) }
            guard page.count == query.limit, let last = page.last else { break }
            query.after = last.key.id
        } while true
        var done = subject.record
        done.awaitsReaper = false
        try await store.commit(WriteBatch(partition: partition, now: clock.now(), writes: [.put(done, over: subject.version)]))
    }
}
