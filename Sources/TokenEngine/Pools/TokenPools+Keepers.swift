public import ServiceLifecycle
import Synchronization
import TokenCore

extension TokenPools {
    /// The long work of pools, one service each: what is due where nobody calls, the places of those who wait here, pools not heard of yet, and the
    /// bells of other instances.
    ///
    /// Pauses: what is due is settled within 50 ms; places are kept, and queues looked at for what other instances gave back and no bell told of,
    /// every second, well within the five that a place is kept for; pools that another instance made are found within ten seconds.
    public var keepers: [any Service] {
        [
            Keeper("pools", every: .milliseconds(50), logger: logger) { try await self.settleWhatIsDue() },
            Keeper("pool queues", every: .seconds(1), logger: logger) { try await self.keepPlaces() },
            Keeper("pool search", every: .seconds(10), logger: logger) { try await self.search() },
            PoolBells(pools: self),
        ]
    }

    /// How many verbs one piece spends on one pool: with 64 tokens each, 20,000 tokens a second fall due in one pool without being late.
    private static let mostSettles = 16

    /// Settles the pools in which something is due.
    func settleWhatIsDue() async throws(StoreError) {
        let now = clock.now()
        for desk in desks.withLock({ Array($0.values) }) where desk.takeDue(by: now) {
            do throws(StoreError) {
                for _ in 0..<Self.mostSettles {
                    let next = try await perform(.settle, in: desk.pool).nextDue
                    guard let next, next <= now else { break }
                    _ = desk.takeDue(by: now)
                }
            } catch {
                desk.putBackDue(now)
                throw error
            }
        }
    }

    /// Keeps the places of those who wait here, and asks for the first of them: another instance may have given something back.
    func keepPlaces() async throws(StoreError) {
        for desk in desks.withLock({ Array($0.values) }) {
            let tickets = desk.withLine { $0.members.map(\.ticket) }
            guard !tickets.isEmpty else { continue }
            for start in stride(from: 0, to: tickets.count, by: PoolVerb.mostAdded) {
                let piece = Array(tickets[start..<min(start + PoolVerb.mostAdded, tickets.count)])
                _ = try await perform(.keepWaiting(tickets: piece), in: desk.pool)
            }
            if desk.withLine({ $0.wake() }) { serve(desk) }
        }
    }

    /// Looks for pools that nobody has called here yet, a thousand a piece, so that what is due in them is known.
    func search() async throws(StoreError) {
        let after = searched.withLock { $0 }
        let names = try await store.pools(after: after, limit: 1_000)
        searched.withLock { $0 = names.count < 1_000 ? nil : names.last }
        for name in names where desks.withLock({ $0[name] }) == nil { _ = try await perform(.settle, in: name) }
    }
}
