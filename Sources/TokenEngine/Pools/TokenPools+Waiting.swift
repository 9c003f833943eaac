import Synchronization
public import TokenCore
import TokenSealing

/// A token that was taken out of a pool, with its value.
public struct TakenToken: Sendable {
    /// The token.
    public let value: Secret
    /// What stands beside it: a JSON object, or nothing.
    public let metadata: [UInt8]
    /// The fencing number.
    public let lease: LeaseNumber
    /// For how long it is the holder's.
    public let lifetime: Duration
}

/// A place in a pool's queue. Whoever has one waits at it, or leaves it.
public struct PoolPlace: Sendable {
    let desk: PoolDesk
    let waiter: PoolWaiter
    let since: ContinuousClock.Instant
}

// MARK: - Claims

extension TokenPools {
    /// What became of a claim at once.
    public enum Claimed: Sendable {
        /// The tokens.
        case taken([TakenToken])
        /// A place in the queue, to be waited at with `wait`.
        case waiting(PoolPlace)
    }

    /// Takes tokens out, or a place in the queue if the claim waits.
    ///
    /// - Throws: `none_free` with a time to come back, `pool_draining`, `holder_limit`, `not_found`, `out_of_bounds`, `temporarily_unavailable`.
    public func claim(_ claim: PoolClaim, in pool: PoolName) async throws(OAuthError) -> Claimed {
        guard (1...PoolClaim.mostTokens).contains(claim.count) else { throw OAuthError(.outOfBounds, "The count is 1 to 100.") }
        if claim.waits, waiting.load(ordering: .relaxed) >= Self.mostWaiting { throw refusal(.queueFull) }
        // A reply has everybody here looked after who was in line before it; what happens between it and the place is not to be missed.
        let seen = desks.withLock { $0[pool] }?.withLine { $0.awakenings } ?? 0
        let reply = try await ask(.assign(claim), in: pool)
        switch reply.outcome {
        case .assigned(let tokens): return .taken(try open(tokens, in: pool))
        case .waiting(let ticket): return .waiting(enter(claim, ticket, in: pool, seen: seen))
        default: throw refusal(reply.outcome)
        }
    }

    private func enter(_ claim: PoolClaim, _ ticket: UInt64, in pool: PoolName, seen: UInt64) -> PoolPlace {
        let desk = desk(of: pool)
        let waiter = PoolWaiter(claim)
        let begins = desk.withLine { line in
            line.enter(waiter, ticket: ticket)
            return (line.awakenings != seen || line.rung == ticket) && line.wake()
        }
        waiting.add(1, ordering: .relaxed)
        if begins { serve(desk) }
        return PoolPlace(desk: desk, waiter: waiter, since: .now)
    }

    /// Waits until the place's turn has come and enough is free. When the task is cancelled the place is given up, and so is what it had come to.
    ///
    /// - Parameter longest: of the monotonic clock.
    /// - Throws: `none_free` when it took too long; what `claim` throws; `temporarily_unavailable` when cancelled.
    public func wait(at place: PoolPlace, atMost longest: Duration) async throws(OAuthError) -> [TakenToken] {
        defer { waiting.subtract(1, ordering: .relaxed) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await place.waiter.sleep() }
            group.addTask { try? await Task.sleep(for: longest) }
            await group.next()
            group.cancelAll()
        }
        let outcome = place.waiter.leave()
        if Task.isCancelled || outcome == nil { await giveUp(place, outcome) }
        if Task.isCancelled { throw OAuthError(.temporarilyUnavailable, "The wait was broken off.", retryAfter: .seconds(1)) }
        switch outcome {
        case .assigned(let tokens)?:
            place.desk.waited(.now - place.since)
            return try open(tokens, in: place.desk.pool)
        case let other?: throw refusal(other)
        case nil: throw refusal(.noneFree(next: place.desk.nextDue))
        }
    }

    private func open(_ tokens: [AssignedToken], in pool: PoolName) throws(OAuthError) -> [TakenToken] {
        var taken: [TakenToken] = []
        for token in tokens {
            do {
                let value = try sealer.open(token.sealed, id: token.id, in: pool)
                taken.append(TakenToken(value: value, metadata: token.metadata, lease: token.lease, lifetime: token.lifetime))
            } catch {
                throw OAuthError(.serverError, "The token cannot be read.", detail: "\(token.id) of \(pool): \(error)")
            }
        }
        return taken
    }
}

// MARK: - The line of this instance

extension TokenPools {
    /// Asks for whoever is first, until there is nothing more to be had.
    func serve(_ desk: PoolDesk) {
        Task {
            while let first = desk.withLine({ $0.next() }) { await ask(for: first, at: desk) }
        }
    }

    /// A bell rang; where nobody waits for that pool it was for others.
    func hear(_ bell: PoolBell) {
        guard let desk = desks.withLock({ $0[bell.pool] }), desk.withLine({ $0.ring(for: bell.first) }) else { return }
        serve(desk)
    }

    private func ask(for member: PoolLine.Member, at desk: PoolDesk) async {
        var claim = member.waiter.claim
        claim.ticket = member.ticket
        // What fails is tried again when something happens, a second later at the latest.
        guard let reply = try? await perform(.assign(claim), in: desk.pool, forFirst: true) else { return }
        if case .waiting(let ticket) = reply.outcome { return await stay(member, ticket, at: desk) }
        desk.withLine { line in
            _ = line.leave(member.waiter)
            line.goOn()
        }
        if !member.waiter.tell(reply.outcome), case .assigned(let tokens) = reply.outcome { await giveBack(tokens, to: desk.pool) }
    }

    /// It was not its turn, or there was not enough; a place that was lost is another one now, and whoever is first then is asked for.
    private func stay(_ member: PoolLine.Member, _ ticket: UInt64, at desk: PoolDesk) async {
        let isGone = desk.withLine { line in
            if ticket != member.ticket { line.goOn() }
            guard line.leave(member.waiter) != nil else { return true }
            line.enter(member.waiter, ticket: ticket)
            return false
        }
        if isGone { _ = try? await perform(.leaveQueue(ticket: ticket), in: desk.pool) }
    }

    /// A waiter goes away: its place is free, and so is what it was told that it has. Finished whatever becomes of the task.
    private func giveUp(_ place: PoolPlace, _ outcome: PoolOutcome?) async {
        let desk = place.desk
        let ticket = desk.withLine { $0.leave(place.waiter) }
        await Task {
            if case .assigned(let tokens)? = outcome { await self.giveBack(tokens, to: desk.pool) }
            if let ticket { _ = try? await self.perform(.leaveQueue(ticket: ticket), in: desk.pool) }
        }.value
    }

    /// Puts back what nobody has seen, the last first, so that all of them are where they were; if that cannot be done, they lapse.
    private func giveBack(_ tokens: [AssignedToken], to pool: PoolName) async {
        for token in tokens.reversed() { _ = try? await perform(.putBack(token.id, lease: token.lease), in: pool) }
    }
}
