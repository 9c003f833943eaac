public import TokenCore
import TokenSealing

extension TokenEngine {
    /// Begins a session.
    ///
    /// - Throws: `temporarily_unavailable` when the store or the signer cannot do their work; `slow_down` when too many logins of one
    ///   subject wait for each other.
    public func login(_ request: LoginGrant.Request) async throws(OAuthError) -> TokenPair {
        guard policy.maxPerSubject > 0 else { return try await commitLogin(request) }
        // Logins of one subject would only conflict with one another, so they queue here; across instances the compare-and-swap decides.
        guard await lanes.enter(request.subject) else {
            throw OAuthError(.slowDown, "Too many logins of this user at once.", retryAfter: .seconds(1))
        }
        defer { lanes.leave(request.subject) }
        return try await commitLogin(request)
    }

    private func commitLogin(_ request: LoginGrant.Request) async throws(OAuthError) -> TokenPair {
        let randomness = Randomness.draw()
        let partition = Partition(of: request.subject, count: store.partitionCount)
        return try await change { now throws(StoreError) in
            let state = try await self.loginState(request.subject, partition, now: now)
            return LoginGrant.decide(request, state, policy: self.policy, randomness: randomness, now: now)
        } prepare: { order throws(OAuthError) in
            try await self.minter.mint(order)
        }
    }

    private func loginState(_ subject: Subject, _ partition: Partition, now: UnixTime) async throws(StoreError) -> LoginGrant.State {
        let record = try await store.load(SubjectRecord.self, id: .init(subject, partition: partition), now: now)
        let families = policy.maxPerSubject > 0 ? try await self.families(of: subject, in: partition, now: now) : []
        return LoginGrant.State(
            subject: record, families: families, storeEpoch: knownStoreEpoch, partition: partition, seal: seal)
    }

    /// Exchanges a refresh token for a new pair.
    ///
    /// - Parameter token: what the client sent, as it sent it.
    /// - Throws: `invalid_token`, whatever was wrong with it; `temporarily_unavailable`.
    public func refresh(_ token: [UInt8]) async throws(OAuthError) -> TokenPair {
        let presented: PresentedRefreshToken
        do { presented = try sealer.open(token) } catch { throw .refreshTokenNotValid(detail: "\(error)") }
        let randomness = Randomness.draw()
        return try await change { now throws(StoreError) in
            let state = try await self.refreshState(presented, now: now)
            return RefreshTokenGrant.decide(presented, state, policy: self.policy, randomness: randomness, now: now)
        } prepare: { order throws(OAuthError) in
            try await self.minter.mint(order)
        }
    }

    private func refreshState(_ presented: PresentedRefreshToken, now: UnixTime) async throws(StoreError) -> RefreshTokenGrant.State {
        let epoch = knownStoreEpoch
        guard var family = try await store.load(Family.self, id: presented.family, now: now) else {
            return .init(family: nil, isGenuine: false, subject: nil, storeEpoch: epoch)
        }
        if let seen = activity.lastSeen(presented.family) { family.record.activity.lastSeen = max(family.record.activity.lastSeen, seen) }
        let genuine = sealer.isGenuine(presented, salt: family.record.salt)
        if let client = family.record.client, try await store.load(ClientRecord.self, id: client, now: now) == nil {
            return .init(family: nil, isGenuine: false, subject: nil, storeEpoch: epoch)
        }
        let subject = try await store.load(
            SubjectRecord.self, id: .init(family.record.subject, partition: presented.family.partition), now: now)
        return .init(family: family, isGenuine: genuine, subject: subject, storeEpoch: epoch)
    }

    /// Ends the session of an access token that was just verified. When it returns, no event loop of this instance accepts the session any more.
    public func logout(session: SessionID, subject: Subject) async throws(OAuthError) {
        try await change { now throws(StoreError) in
            let family = try await self.store.load(Family.self, id: session, now: now)
            return EndSession.logout(session, subject: subject, family, policy: self.policy, now: now)
        } prepare: { _ throws(OAuthError) in
        }
    }

    /// Ends every session of a subject by one epoch record.
    ///
    /// - Returns: the epoch: every session born at or before it is dead.
    @discardableResult
    public func logoutAll(subject: Subject, because reason: Family.RevocationReason) async throws(OAuthError) -> UnixTime {
        let partition = Partition(of: subject, count: store.partitionCount)
        return try await change { now throws(StoreError) in
            let record = try await self.store.load(SubjectRecord.self, id: .init(subject, partition: partition), now: now)
            return EndSession.all(
                of: subject, in: partition, record, storeEpoch: self.knownStoreEpoch, because: reason, policy: self.policy, now: now)
        } prepare: { epoch throws(OAuthError) in
            epoch
        }
    }

    /// Ends one session by name.
    ///
    /// - Parameter owner: whose it must be; nil for an administrator's order.
    /// - Throws: `not_found` for an unknown session and for somebody else's.
    public func endSession(_ id: SessionID, owner: Subject?, because reason: Family.RevocationReason) async throws(OAuthError) {
        try await change { now throws(StoreError) in
            let family = try await self.store.load(Family.self, id: id, now: now)
            return EndSession.decide(id, family, owner: owner, because: reason, policy: self.policy, now: now)
        } prepare: { _ throws(OAuthError) in
        }
    }

    /// A page of a subject's live sessions, oldest first.
    ///
    /// - Parameter limit: 1 ... 100.
    public func sessions(of subject: Subject, after: SessionID?, limit: Int) async throws(OAuthError) -> SessionPage {
        let now = clock.now()
        let partition = Partition(of: subject, count: store.partitionCount)
        return try await reading { () throws(StoreError) in
            let record = try await self.store.load(SubjectRecord.self, id: .init(subject, partition: partition), now: now)?.record
            let epoch = latest(record?.epoch, self.knownStoreEpoch)
            var query = RecordQuery(partition: partition, kind: .family, indexKey: Array(subject.text.utf8), after: after?.bytes, limit: 256)
            var live: [Family] = []
            while live.count <= limit {
                let page = try await self.store.find(query, now: now)
                for stored in page {
                    let family = try Family(stored: stored)
                    if family.isLive(epoch: epoch, policy: self.policy, now: now) { live.append(family) }
                }
                guard page.count == query.limit, let last = page.last else { break }
                query.after = last.key.id
            }
            let shown = live.prefix(limit).map { SessionSummary($0) }
            return SessionPage(sessions: shown, next: live.count > limit ? shown.last?.id : nil)
        }
    }

    /// Every family of a subject; as many as its partition holds.
    private func families(of subject: Subject, in partition: Partition, now: UnixTime) async throws(StoreError) -> [Versioned<Family>] {
        var query = RecordQuery(partition: partition, kind: .family, indexKey: Array(subject.text.utf8), limit: 1000)
        var families: [Versioned<Family>] = []
        while true {
            let page = try await store.find(query, now: now)
            for stored in page { families.append(Versioned(try Family(stored: stored), version: stored.version)) }
            guard page.count == query.limit, let last = page.last else { return families }
            query.after = last.key.id
        }
    }

    /// Notes that a session was seen: with `auto_logout`, written in batches, merged without a version conflict, and at most once per session and
    /// `SessionPolicy.activityInterval`, whichever token and event loop it is reported from. Cheap; callable from an event loop.
    ///
    /// - Returns: from when on a reporter waits an interval until it reports the session again. That is when its activity was recorded last, so
    ///   that what is seen meanwhile is less than an interval after what is stored; or, when too much waits to be written and nothing was recorded,
    ///   a time that brings it back a second later.
    @discardableResult
    public func recordActivity(_ session: SessionID, at time: UnixTime) -> UnixTime {
        guard policy.autoLogout != nil else { return time }
        return activity.note(session, at: time)
    }
}
