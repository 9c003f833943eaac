@testable import TokenCore

/// What must hold when something is handed out, and what must hold always.
extension World {
    /// A pair was handed out.
    mutating func issued(_ order: PairOrder, epoch: UnixTime?, now: UnixTime) throws(Violation) {
        let id = order.session
        try require(!store.dead.contains(id), "a pair of a session that is over")
        if let epoch { try require(id.birth > epoch, "a pair of a session born at or before an epoch") }
        let known = handed[id] ?? Handed(accessEnd: .epoch, end: min(id.birth, now) + policy.refreshLifetime)
        try require(now < known.end, "canon 26: a pair after the absolute end")
        let longest = min(policy.accessLifetime, policy.autoLogout ?? policy.accessLifetime)
        try require(order.expiresAt <= min(now + longest, known.end), "an access token lives longer than the policy says")
        try require(order.expiresAt <= known.end, "canon 26: an access token outlives the absolute end")
        handed[id] = known
        handed[id]?.generation = max(known.generation, order.generation)
        handed[id]?.accessEnd = max(known.accessEnd, order.expiresAt)
    }

    /// A refresh token was exchanged for a successor.
    mutating func exchanged(_ id: SessionID, _ token: UInt32, for successor: UInt32, now: UnixTime) throws(Violation) {
        if let use = store.used[id]?[token] {
            try require(use.successor == successor, "canon 27: one token has two successors")
            try require(
                policy.refreshGrace > .zero && now < use.at + policy.refreshGrace, "a token worked again outside the grace window")
            try require(store.used[id]?[successor] == nil, "a token worked again after its successor was used")
            store.retries[id, default: 0] += 1
        } else {
            try require(successor == token + 1, "a token skips its successor")
            store.used[id, default: [:]][token] = Use(successor: successor, at: now)
        }
    }

    /// Everything that must hold between requests.
    func checkInvariants() throws(Violation) {
        var live = 0
        for id in sessions {
            try checkRow(of: id)
            try checkEnd(of: id)
            if try checkTokens(of: id) { live += 1 }
        }
        if policy.maxPerSubject > 0 { try require(live <= policy.maxPerSubject, "more live sessions than the limit: \(live)") }
    }

    /// The row itself: how long it lives and what it remembers.
    private func checkRow(of id: SessionID) throws(Violation) {
        guard let known = handed[id], let stored = store.records[Family.key(for: id)], stored.expiresAt > now else { return }
        guard let family = try? Family(stored: stored) else { throw Violation("a family is not readable") }
        try require(family.end == known.end, "canon 26: the absolute end moved")
        try require(stored.activity.retries == store.retries[id] ?? 0, "retries are not counted once each")
        if !known.wasForgotten {
            try require(family.lastAccessEnd >= known.accessEnd + SessionPolicy.mostLeeway, "the row forgets an access token that may be alive")
        }
        switch family.life {
        case .active:
            try require(stored.expiresAt <= family.end, "an active row outlives its absolute end")
            try require(stored.expiresAt <= policy.idleEnd(lastSeen: stored.activity.lastSeen), "an active row outlives its idle end")
        case .revoked:
            try require(stored.expiresAt >= family.lastAccessEnd, "a revoked row goes before its last access token")
            try require(store.dead.contains(id), "a row was revoked without anybody's order")
        }
    }

    /// What is over stays over: its access tokens are refused until they have expired everywhere; what is not over is not refused.
    private func checkEnd(of id: SessionID) throws(Violation) {
        guard let known = handed[id] else { return }
        var view = RevocationView()
        for entry in store.revocations { view.apply(entry) }
        view.expire(now: now)
        let isRefused = view.isRevoked(session: id, subject: Self.subject, client: nil, key: KeyID("k")!)
        if store.dead.contains(id), now < known.accessEnd + SessionPolicy.mostLeeway {
            try require(isRefused, "canon 31: an access token of a session that is over is accepted")
            let last = known.accessEnd + SessionPolicy.mostLeeway
            view.expire(now: last - .milliseconds(1))
            try require(
                view.isRevoked(session: id, subject: Self.subject, client: nil, key: KeyID("k")!),
                "a revocation is forgotten before the last access token has expired")
        }
        if !store.dead.contains(id) { try require(!isRefused, "a session is refused that nobody ended") }
    }

    /// Presents every token ever handed out, each to a copy of the world; returns whether any would be exchanged.
    private func checkTokens(of id: SessionID) throws(Violation) -> Bool {
        guard let known = handed[id] else { return false }
        var successors: Set<UInt32> = []
        var fresh = 0
        for generation in 0...known.generation {
            var copy = self
            guard case .pair(_, let successor) = try copy.perform(.refresh(id, generation)) else { continue }
            successors.insert(successor)
            if store.used[id]?[generation] == nil { fresh += 1 }
        }
        if successors.isEmpty { return false }
        try require(!store.dead.contains(id), "a refresh token of a session that is over is exchanged")
        try require(now < known.end, "canon 26: a refresh token is exchanged after the absolute end")
        if !known.wasForgotten { try require(fresh <= 1, "canon 27: \(fresh) tokens of one session are unused and alive") }
        return true
    }
}
