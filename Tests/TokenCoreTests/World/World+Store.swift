@testable import TokenCore

/// The store of a world: the rules of `RecordStore`, and the checks of every batch that is given to it.
extension World {
    private func record(_ key: RecordKey, _ now: UnixTime) -> StoredRecord? {
        guard let stored = store.records[key], keepsExpired || stored.expiresAt > now else { return nil }
        return stored
    }

    /// The record of that id, unless it is past its expiry.
    func load<R: Record>(_ type: R.Type, _ id: R.ID, now: UnixTime) throws(Violation) -> Versioned<R>? {
        guard let stored = record(R.key(for: id), now) else { return nil }
        do { return Versioned(try R(stored: stored), version: stored.version) } catch { throw Violation("stored bytes are not readable: \(error)") }
    }

    /// The subject's families that have not expired.
    func families(now: UnixTime) throws(Violation) -> [Versioned<Family>] {
        var found: [Versioned<Family>] = []
        for id in sessions { if let family = try load(Family.self, id, now: now) { found.append(family) } }
        return found
    }

    /// Applies a batch whole, or not at all; false is a conflict.
    mutating func commit(_ given: WriteBatch) throws(Violation) -> Bool {
        let batch = bent(given)
        try checkShape(of: batch)
        guard fault == .ignoresVersions || batch.writes.allSatisfy({ holds($0, batch.now) }) else { return false }
        for write in batch.writes { try apply(write, now: batch.now) }
        if fault != .forgetsRevocationEntry { store.revocations += batch.revocations }
        return true
    }

    private func holds(_ write: Write, _ now: UnixTime) -> Bool {
        switch write {
        case .put(_, let version), .remove(_, let version), .expect(_, let version):
            return record(write.key, now)?.version ?? .absent == version
        case .touch: return true
        }
    }

    private mutating func apply(_ write: Write, now: UnixTime) throws(Violation) {
        let old = record(write.key, now)
        switch write {
        case .put(var record, let version):
            if let old, record.key.kind == .family { try checkReplacement(of: old, by: record) }
            if fault == .losesRotations, record.key.kind == .family, version != .absent, isActive(record) { return }
            if fault == .losesEnds, record.key.kind == .family, !isActive(record) { return }
            record.version = version.next
            if let old { record.activity = old.activity.merged(with: record.activity) }
            store.records[record.key] = record
        case .remove(let key, _):
            store.records[key] = nil
        case .touch(let key, let activity, let end):
            guard var record = old else { return }
            record.activity = record.activity.merged(with: activity)
            record.expiresAt = max(record.expiresAt, end ?? record.expiresAt)
            store.records[key] = record
        case .expect:
            break
        }
    }

    private func isActive(_ record: StoredRecord) -> Bool {
        if case .active? = (try? Family(stored: record))?.life { true } else { false }
    }

    /// One partition, no key twice, within bounds, and nothing changes without an event (canon 60).
    private func checkShape(of batch: WriteBatch) throws(Violation) {
        let conditional = batch.writes.filter { if case .touch = $0 { false } else { true } }.map(\.key)
        try require(Set(conditional).count == conditional.count, "a batch names a key twice")
        try require(batch.writes.allSatisfy { $0.key.partition == batch.partition }, "a batch touches two partitions")
        try require(
            batch.writes.count <= WriteBatch.Bounds.writes && batch.revocations.count <= WriteBatch.Bounds.revocations,
            "a batch is over its bounds")
        let changes = batch.writes.contains { if case .expect = $0 { false } else { true } }
        try require(!changes || !batch.events.isEmpty, "canon 60: a change without an event")
        for case .put(let record, let version) in batch.writes {
            try require(record.version == version.next, "a record does not carry the version after the one it replaces")
        }
    }

    /// What a row may never do when it is replaced.
    private func checkReplacement(of old: StoredRecord, by new: StoredRecord) throws(Violation) {
        guard let before = try? Family(stored: old), let after = try? Family(stored: new) else { throw Violation("a family is not readable") }
        try require(after.end == before.end, "canon 26: the absolute end moved")
        try require(
            (after.subject, after.client, after.seal) == (before.subject, before.client, before.seal) && after.salt == before.salt
                && after.attributes == before.attributes, "what a family is born with changed")
        try require(after.lastAccessEnd >= before.lastAccessEnd, "the end of the last access token moved back")
        switch (before.life, after.life) {
        case (.active(let old, _), .active(let new, _)): try require(new > old, "the generation did not rise")
        case (.active, .revoked): break
        case (.revoked, _): throw Violation("a family that was over was written again")
        }
    }
}

/// How a planted fault bends what the core ordered.
extension World {
    private func bent(_ given: WriteBatch) -> WriteBatch {
        var batch = given
        switch fault {
        case .extendsEnd: batch.writes = batch.writes.map { longer($0) }
        case .movesBack: batch.writes = batch.writes.map { setBack($0) }
        case .forgetsReuse where batch.events.contains { $0.name == .reuseDetected }: batch.writes = []; batch.revocations = []
        case .namesKeyTwice: if let first = batch.writes.first { batch.writes.append(first) }
        case .mixesPartitions: batch.writes.append(.expect(StoreEpoch.key(for: ()), expecting: .absent))
        case .remembersTooShortly: batch.revocations = batch.revocations.map { shorter($0) }
        case .silentChanges: batch.events = []
        case .countsRetriesTwice: batch.writes = batch.writes.map { recounted($0) }
        default: break
        }
        return batch
    }

    /// Forgets it while a validator with leeway still accepts the tokens.
    private func shorter(_ entry: RevocationEntry) -> RevocationEntry {
        RevocationEntry(entry.target, expiresAt: entry.expiresAt - policy.refreshGrace - SessionPolicy.mostLeeway)
    }

    /// Form, seal number and salt stand before the absolute end.
    private static let endOffset = 1 + 2 + 16

    private func longer(_ write: Write) -> Write {
        guard case .put(var record, let version) = write, record.key.kind == .family, version != .absent else { return write }
        record.body[Self.endOffset + 4] &+= 1
        return .put(record, expecting: version)
    }

    private func setBack(_ write: Write) -> Write {
        guard case .put(var record, let version) = write, var family = try? Family(stored: record),
            case .active(let generation, let rotatedAt) = family.life, generation > 1
        else { return write }
        family.life = .active(generation: generation - 2, rotatedAt: rotatedAt)
        record.body = family.encoded()
        return .put(record, expecting: version)
    }

    private func recounted(_ write: Write) -> Write {
        guard case .put(var record, let version) = write, version != .absent, let old = store.records[record.key] else { return write }
        record.activity.retries = old.activity.retries
        return .put(record, expecting: version)
    }
}
