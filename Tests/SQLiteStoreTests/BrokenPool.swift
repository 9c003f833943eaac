import StoreConformance
import Synchronization
import Testing
import TokenCore
import TokenEngine

/// The reference store of pools with one fault: what the suite must notice.
final class BrokenPool: LeasePool {
    enum Fault: CaseIterable, Sendable {
        case ignoresLeases, lapsesLate, lapsesEarly, forgetsRest, forgetsFailures, tellsWrongDueTimes, overtakes, servesHalf, addsHalf
        case ignoresHolderLimit, mixesPools, swapsValues, listsBackwards, repeatsLeases, assignsTwice, wakesNobody, losesEvents
        case staysInTurn, restsTheUnseen
    }

    private let fault: Fault
    private let store = InMemoryLeasePool()
    /// The last answer to an assignment, for those who give it again.
    private let last = Mutex<(reply: PoolReply, times: Int)?>(nil)

    init(_ fault: Fault) { self.fault = fault }

    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        if fault == .assignsTwice, case .assign = verb, let again = repeated() { return again }
        let moved = fault == .lapsesLate ? now - .milliseconds(1) : fault == .lapsesEarly ? now + .milliseconds(1) : now
        let place = fault == .mixesPools ? .usual : pool
        let reply = try await store.perform(spoiled(verb), in: place, now: moved, seed: fault == .staysInTurn ? 1 : seed)
        return try await spoiled(reply, to: verb, in: place, now: moved)
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] {
        try await store.pools(after: after, limit: limit)
    }

    /// Every twentieth assignment is given to the next one as well.
    private func repeated() -> PoolReply? {
        last.withLock { last in
            guard let known = last, known.times.isMultiple(of: 20) else { return nil }
            last?.times += 1
            return known.reply
        }
    }

    /// The verb as a store with this fault would understand it.
    private func spoiled(_ verb: PoolVerb) -> PoolVerb {
        switch (fault, verb) {
        case (.ignoresLeases, .keepAlive(let id, _)): return .keepAlive(id, lease: nil)
        case (.ignoresLeases, .release(let id, _)): return .release(id, lease: nil)
        case (.ignoresLeases, .delete(let id, _)): return .delete(id, lease: nil)
        case (.restsTheUnseen, .putBack(let id, let lease)): return .release(id, lease: lease)
        case (.forgetsRest, .create(var policy)):
            policy.rest = .zero
            return .create(policy)
        case (.forgetsFailures, .report(let id, let lease, _, let rest)): return .report(id, lease: lease, failed: false, rest: rest)
        case (.ignoresHolderLimit, .assign(var claim)):
            claim.holder = ""
            return .assign(claim)
        case (.staysInTurn, .create(var policy)):
            policy.order = .fifo
            return .create(policy)
        default: return verb
        }
    }

    /// What a store with this fault does after the verb, and what it answers.
    private func spoiled(
        _ reply: PoolReply, to verb: PoolVerb, in pool: PoolName, now: UnixTime
    ) async throws(StoreError) -> PoolReply {
        var reply = reply
        switch (fault, verb, reply.outcome) {
        case (.overtakes, .assign(let claim), .waiting(let ticket)) where claim.ticket != nil:
            try await leaveAll(upTo: ticket, in: pool, now: now)
            return try await store.perform(verb, in: pool, now: now, seed: 1)
        case (.servesHalf, .assign(var claim), .noneFree) where claim.count > 1:
            claim.count = 1
            return try await store.perform(.assign(claim), in: pool, now: now, seed: 1)
        case (.addsHalf, .add(let tokens), .full(let room)):
            _ = try await store.perform(.add(Array(tokens.prefix(room))), in: pool, now: now, seed: 1)
        case (.swapsValues, .assign, .assigned(var taken)):
            for index in taken.indices { taken[index].sealed = taken[index].metadata }
            reply.outcome = .assigned(taken)
        case (.listsBackwards, .list, .tokens(let tokens)): reply.outcome = .tokens(tokens.reversed())
        case (.repeatsLeases, .assign, .assigned(var taken)):
            for index in taken.indices { taken[index].lease = LeaseNumber(taken[index].lease.value / 4) }
            reply.outcome = .assigned(taken)
        case (.assignsTwice, .assign, .assigned): last.withLock { $0 = (reply, ($0?.times ?? 0) + 1) }
        case (.wakesNobody, _, _): reply.wakes = false
        case (.losesEvents, _, _): reply.happened = Array(reply.happened.dropFirst())
        case (.tellsWrongDueTimes, .settle, _): reply.nextDue = reply.nextDue.map { $0 + .seconds(1) }
        default: break
        }
        return reply
    }

    private func leaveAll(upTo ticket: UInt64, in pool: PoolName, now: UnixTime) async throws(StoreError) {
        for number in 1..<max(ticket, 2) where number < ticket {
            _ = try await store.perform(.leaveQueue(ticket: number), in: pool, now: now, seed: 1)
        }
    }
}

extension PlantedFaultTests {
    /// From the last check, a walk, which notices most of them at once.
    @Test(arguments: BrokenPool.Fault.allCases)
    func theSuiteCatchesPoolsThat(fault: BrokenPool.Fault) async {
        for check in PoolConformance.checks.reversed() {
            do { try await check.run { BrokenPool(fault) } } catch { return }
        }
        Issue.record("no check noticed a store that \(fault)")
    }
}
