/// Ends sessions by order: one by name, or everything of a subject by an epoch.
public enum EndSession {
    /// Decides the end of one session.
    ///
    /// Repeatable: a session that is over already is over. One without a record is not found: only its access token, which `logout` is
    /// given, proves that there was one.
    ///
    /// - Parameters:
    ///   - owner: whose it must be; nil when an administrator orders. Somebody else's session answers like an unknown one.
    public static func decide(
        _ id: SessionID, _ family: Versioned<Family>?, owner: Subject?, because reason: Family.RevocationReason, policy: SessionPolicy, now: UnixTime
    ) -> Decision<Void> {
        var batch = WriteBatch(partition: id.partition, now: now)
        guard let family, owner == nil || family.record.subject == owner else {
            return Decision(.failure(OAuthError(.notFound, "There is no such session.")), batch)
        }
        let known = end(family, because: reason, in: &batch, policy: policy, now: now)
        return Decision(.success(()), batch, known: known)
    }

    /// Decides a logout with an access token: the token itself proves whose the session is, whether or not its record is still there.
    ///
    /// Without a record (a store that went back, an expired row) the revocation is written nevertheless, because the token is still alive.
    public static func logout(
        _ id: SessionID, subject: Subject, _ family: Versioned<Family>?, policy: SessionPolicy, now: UnixTime
    ) -> Decision<Void> {
        var batch = WriteBatch(partition: id.partition, now: now)
        var known: [RevocationEntry] = []
        if let family {
            known = end(family, because: .logout, in: &batch, policy: policy, now: now)
        } else {
            let end = policy.lastAccessEnd(now: now)
            batch.writes.append(.expect(Family.key(for: id), expecting: .absent))
            batch.revocations.append(RevocationEntry(.session(id), expiresAt: end))
            batch.events.append(Event(.revoked, at: now, subject: subject.text, session: id, reason: Family.RevocationReason.logout.text))
        }
        return Decision(.success(()), batch, known: known)
    }

    /// Decides the end of everything of a subject: one epoch record and one entry, whatever the number of sessions.
    ///
    /// - Parameter storeEpoch: the epoch of the whole store, which may have moved births ahead of the clock.
    public static func all(
        of subject: Subject, in partition: Partition, _ read: Versioned<SubjectRecord>?, storeEpoch: UnixTime? = nil,
        because reason: Family.RevocationReason, policy: SessionPolicy, now: UnixTime
    ) -> Decision<UnixTime> {
        var record = read?.record ?? SubjectRecord(subject: subject, partition: partition)
        let epoch = record.endAll(policy: policy, storeEpoch: storeEpoch, now: now)
        var batch = WriteBatch(partition: partition, now: now)
        batch.writes.append(.put(record, over: read?.version ?? .absent))
        announce(epoch, of: subject, because: reason, in: &batch, policy: policy, now: now)
        return Decision(.success(epoch), batch)
    }

    /// Adds the entry and the event of a subject's epoch to a batch.
    static func announce(
        _ epoch: UnixTime, of subject: Subject, because reason: Family.RevocationReason, in batch: inout WriteBatch, policy: SessionPolicy,
        now: UnixTime
    ) {
        let end = policy.lastAccessEnd(now: max(epoch, now))
        batch.revocations.append(RevocationEntry(.subject(subject, upTo: epoch), expiresAt: end))
        batch.events.append(Event(.revoked, at: now, subject: subject.text, reason: reason.text + "_all"))
    }

    /// Adds the end of one family to a batch. One that is over already is only named in it, so that nothing grows however often it is ended.
    ///
    /// - Returns: what the log has already, because whoever ended the family wrote it, and this instance may not enforce yet.
    @discardableResult
    static func end(
        _ read: Versioned<Family>, because reason: Family.RevocationReason, in batch: inout WriteBatch, policy: SessionPolicy, now: UnixTime
    ) -> [RevocationEntry] {
        var family = read.record
        family.revoke(reason, policy: policy, now: now)
        let entry = RevocationEntry(.session(family.id), expiresAt: family.revocationEnd(policy: policy, now: now))
        if family == read.record {
            batch.writes.append(.expect(family.key, expecting: read.version))
            return [entry]
        }
        batch.writes.append(.put(family, over: read.version))
        batch.events.append(
            Event(.revoked, at: now, subject: family.subject.text, session: family.id, client: family.client?.text, reason: reason.text))
        batch.revocations.append(entry)
        return []
    }
}
