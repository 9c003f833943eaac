import Synchronization
import TokenCore
import TokenEngine

/// The reference store with one fault: what the conformance suite must notice.
final class BrokenStore: Sendable {
    enum Fault: CaseIterable, Sendable {
        case ignoresVersions, ignoresExpect, losesTouches, mergesTouchesByReadingFirst, leavesGaps, drawsNumbersOnConflict
        case keepsEventsOfConflicts, writesHalf, expiresLate, sweepsEarly, sweepsTooMuch, listsBackwards, losesIndexMoves
        case restartsEventNumbers, trimsOneTooMany, hidesOutboxes, forgetsHeads, revivesExpired
    }

    private let fault: Fault
    private let store = InMemoryStore()
    private let counter = Atomic<Int>(0)

    init(_ fault: Fault) { self.fault = fault }
}

extension BrokenStore: RecordStore {
    var partitionCount: Int { store.partitionCount }

    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        try await store.load(keys, now: fault == .expiresLate ? now - .milliseconds(1) : now)
    }

    func commit(_ batch: WriteBatch) async throws(StoreError) {
        let batch = try await spoiled(batch)
        do {
            try await store.commit(batch)
        } catch {
            guard error == .conflict else { throw error }
            try await leak(of: batch)
            throw error
        }
    }

    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] {
        let found = try await store.find(query, now: now)
        return fault == .listsBackwards ? found.reversed() : found
    }

    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int {
        switch fault {
        case .sweepsEarly: try await store.sweep(now: now + .milliseconds(1), limit: limit)
        case .sweepsTooMuch: try await store.sweep(now: now, limit: limit + 1)
        default: try await store.sweep(now: now, limit: limit)
        }
    }

    func check() async throws(StoreError) { try await store.check() }

    /// The batch as a store with this fault would understand it.
    private func spoiled(_ original: WriteBatch) async throws(StoreError) -> WriteBatch {
        var batch = original
        switch fault {
        case .ignoresVersions: batch.writes = try await writesWithoutConditions(batch)
        case .ignoresExpect: batch.writes.removeAll { if case .expect = $0 { true } else { false } }
        case .losesTouches:
            batch.writes.removeAll { if case .touch = $0 { counter.wrappingAdd(1, ordering: .relaxed).newValue % 50 == 0 } else { false } }
        case .mergesTouchesByReadingFirst: batch.writes = try await writesWithTouchesAsPuts(batch)
        case .revivesExpired:
            for case .touch(let key, _, let end?) in batch.writes {
                try? await store.commit(
                    WriteBatch(partition: batch.partition, now: .epoch, writes: [.touch(key, .none, extendingTo: end)]))
            }
        case .losesIndexMoves:
            for (index, write) in batch.writes.enumerated() {
                guard case .put(var record, let version) = write, let old = try await store.load([record.key], now: batch.now)[0] else { continue }
                record.indexKey = old.indexKey
                batch.writes[index] = .put(record, expecting: version)
            }
        default: break
        }
        return batch
    }

    private func writesWithoutConditions(_ batch: WriteBatch) async throws(StoreError) -> [Write] {
        var writes: [Write] = []
        for write in batch.writes {
            let version = try await store.load([write.key], now: batch.now)[0]?.version ?? .absent
            switch write {
            case .put(let record, _): writes.append(.put(record, expecting: version))
            case .remove(let key, _): writes.append(.remove(key, expecting: version))
            case .expect(let key, _): writes.append(.expect(key, expecting: version))
            case .touch: writes.append(write)
            }
        }
        return writes
    }

    /// Reads, merges and writes back in two steps: whoever wrote in between is overwritten.
    private func writesWithTouchesAsPuts(_ batch: WriteBatch) async throws(StoreError) -> [Write] {
        var writes: [Write] = []
        for write in batch.writes {
            guard case .touch(let key, let activity, let end) = write, let old = try await store.load([key], now: batch.now)[0] else {
                writes.append(write)
                continue
            }
            await Task.yield()
            let isUntouched = try await store.load([key], now: batch.now)[0]?.activity == old.activity
            writes.append(.touch(key, isUntouched ? activity : .none, extendingTo: end))
        }
        return writes
    }

    /// What a store with this fault leaves behind of a batch that conflicts.
    private func leak(of batch: WriteBatch) async throws(StoreError) {
        var rest = WriteBatch(partition: batch.partition, now: batch.now)
        switch fault {
        case .keepsEventsOfConflicts: rest.events = batch.events
        case .drawsNumbersOnConflict: rest.revocations = batch.revocations
        case .writesHalf: rest.writes = Array(batch.writes.prefix(1))
        default: return
        }
        try? await store.commit(rest)
    }
}

extension BrokenStore: RevocationLog {
    func revocationHeads() async throws(StoreError) -> [Partition: UInt64] {
        let heads = try await store.revocationHeads()
        return fault == .forgetsHeads ? heads.mapValues { _ in 1 } : heads
    }

    func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation] {
        let log = try await store.revocations(in: partition, after: number, limit: limit)
        return fault == .leavesGaps ? log.filter { $0.number != 3 } : log
    }
}

extension BrokenStore: EventLog {
    func outboxHeads() async throws(StoreError) -> [Partition: UInt64] { fault == .hidesOutboxes ? [:] : try await store.outboxHeads() }

    func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        let events = try await store.events(in: outbox, after: fault == .restartsEventNumbers ? 0 : number, limit: .max)
        guard fault == .restartsEventNumbers else { return Array(events.prefix(limit)) }
        let renumbered = events.enumerated().map { NumberedEvent(number: UInt64($0.offset) + 1, event: $0.element.event) }
        return Array(renumbered.filter { $0.number > number }.prefix(limit))
    }

    func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        try await store.trimEvents(in: outbox, through: fault == .trimsOneTooMany ? min(number, .max - 1) + 1 : number)
    }

    func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog { try await store.backlog(of: outbox) }
}
