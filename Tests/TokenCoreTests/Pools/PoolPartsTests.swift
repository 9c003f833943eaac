import Testing

@testable import TokenCore

/// What a pool of several parts answers itself, and how its parts are called.
@Suite struct PoolPartsTests {
    private let policy = PoolPolicy(rest: .zero, parts: 4)

    /// Nothing about tokens is answered where there are none, and nothing is changed.
    @Test func aPoolOfPartsSendsWhatIsAboutTokensToThem() {
        let pool = PoolWorld(policy)
        let id = PoolWorld.id(1)
        let verbs: [PoolVerb] = [
            .add(PoolWorld.new(0..<2)), .keepAlive(id, lease: nil), .release(id, lease: nil), .restore(id), .delete(id, lease: nil),
            .report(id, lease: LeaseNumber(1), failed: true, rest: .zero), .shrink(to: 0, limit: 1), .list(after: nil, limit: 1), .settle,
            .assign(PoolClaim(holder: "w")),
        ]
        for verb in verbs { #expect(pool.perform(verb) == .split(parts: 4, ticket: nil), "\(verb)") }
        #expect(pool.statistics == PoolStatistics(policy: policy))
    }

    @Test func theFirstInTheQueueIsSentToTheParts() {
        let pool = PoolWorld(policy)
        let first = PoolClaim(holder: "a", waits: true)
        #expect(pool.perform(.assign(first)) == .split(parts: 4, ticket: 1))
        #expect(pool.wait("b") == 2 && pool.wait("b", ticket: 2) == 2)
        #expect(pool.perform(.assign(PoolClaim(holder: "a", waits: true, ticket: 1))) == .split(parts: 4, ticket: 1), "it keeps its place")
        pool.perform(.leaveQueue(ticket: 1))
        #expect(pool.perform(.assign(PoolClaim(holder: "b", waits: true, ticket: 2))) == .split(parts: 4, ticket: 2))
        #expect(pool.statistics.waiting == 1)
        #expect(pool.perform(.assign(PoolClaim(holder: "b", ticket: 2))) == .split(parts: 4, ticket: nil), "who does not wait has no place")
        #expect(pool.statistics.waiting == 0)
    }

    @Test func whatIsPausedSendsNobodyAndWhatIsDrainedSendsAllAway() {
        let pool = PoolWorld(policy)
        #expect(pool.perform(.turn(.paused)) == .split(parts: 4, ticket: nil))
        #expect(pool.statistics.phase == .paused)
        #expect(pool.wait("a") == 1)
        let drained = pool.reply(.turn(.draining))
        #expect(drained.wakes && drained.outcome == .split(parts: 4, ticket: nil))
        #expect(pool.perform(.assign(PoolClaim(holder: "a", waits: true, ticket: 1))) == .draining)
        #expect(pool.statistics.waiting == 0)
    }

    @Test func howManyPartsThereAreIsFixed() {
        for (old, new) in [(4, 1), (1, 4), (4, 5)] {
            let pool = PoolWorld(PoolPolicy(parts: old))
            #expect(pool.perform(.change(PoolPolicy(parts: new))) == .otherPolicy)
            #expect(pool.perform(.change(PoolPolicy(lifetime: .seconds(5), parts: old))) == .done)
        }
        #expect(policy.ofPart == PoolPolicy(rest: .zero))
    }

    @Test func aPolicyOfPartsHasItsBounds() {
        #expect(PoolPolicy(parts: 1).problems.isEmpty && PoolPolicy(parts: 64).problems.isEmpty)
        #expect(PoolPolicy(mostPerHolder: 1, parts: 1).problems.isEmpty)
        for bad in [PoolPolicy(parts: 0), PoolPolicy(parts: 65), PoolPolicy(mostPerHolder: 1, parts: 2)] { #expect(bad.problems.count == 1) }
    }

    /// Nobody can write such a name, all of them come after those that can be written, and none is that of another pool's part.
    @Test func aPartHasANameOfItsOwn() throws {
        let pools = try ["a", "zzz", "a.b", "1"].map { try #require(PoolName($0)) }
        var names: Set<PoolName> = []
        for pool in pools {
            #expect(pool.whole == pool)
            for count in [2, 12, 64] {
                for part in (0..<count).map({ pool.part($0, of: count) }) {
                    #expect(PoolName(part.text) == nil && part.whole == pool && pools.allSatisfy { $0 < part })
                    #expect(names.insert(part).inserted)
                }
            }
        }
    }

    @Test func thePartsOfAPoolLieInPartitionsOfTheirOwn() throws {
        for name in ["a", "b", "licences", "zz-9"] {
            let pool = try #require(PoolName(name))
            let home = Partition(of: pool, count: 64)
            let parts = (0..<63).map { Partition(of: pool.part($0, of: 63), count: 64) }
            #expect(Set(parts).count == 63 && !parts.contains(home) && parts.allSatisfy { $0.number < 64 })
        }
    }

    /// What happens in a part is told of the pool.
    @Test func eventsCarryTheNameOfThePool() {
        let event = PoolEvent(.assigned, at: .epoch, token: PoolWorld.id(1))
        #expect(Event(event, in: PoolName.usual.part(2, of: 3)) == Event(event, in: .usual))
    }
}
