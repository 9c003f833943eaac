import Foundation
import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

/// Pools in the file: what the suite that all stores pass cannot see.
@Suite struct PoolStoreTests {
    private let now = Sample.now
    private let policy = PoolPolicy(
        order: .leastRecentlyUsed, lifetime: .seconds(60), rest: .seconds(7), keepAliveLimit: .seconds(300), mostTokens: 123,
        longestHold: .seconds(90), mostPerHolder: 4, failuresToQuarantine: 3, rate: PoolPolicy.Rate(count: 5, span: .seconds(100)))

    private func open(_ folder: String, keepsEvents: Bool = true) throws -> SQLiteStore {
        try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off, keepsEvents: keepsEvents))
    }

    private func tokens(_ count: Int) -> [NewToken] {
        (0..<count).compactMap { number in
            PooledTokenID([UInt8](repeating: UInt8(number), count: 16)).map { NewToken(id: $0, sealed: [1, UInt8(number)], metadata: [2]) }
        }
    }

    @discardableResult
    private func perform(_ verb: PoolVerb, on store: SQLiteStore, at time: UnixTime? = nil) async throws -> PoolOutcome {
        try await store.perform(verb, in: .usual, now: time ?? now, seed: 1).outcome
    }

    private func taken(_ store: SQLiteStore, at time: UnixTime? = nil) async throws -> AssignedToken {
        guard case .assigned(let taken) = try await perform(.assign(PoolClaim(holder: "wörker")), on: store, at: time) else {
            throw StoreError.unavailable("nothing was assigned")
        }
        return taken[0]
    }

    @Test func poolIsTheSameAfterItWasClosedAndOpened() async throws {
        let folder = temporaryFolder()
        var store = try open(folder)
        try await perform(.create(policy), on: store)
        try await perform(.add(tokens(6)), on: store)
        let (one, two, three) = (try await taken(store), try await taken(store), try await taken(store))
        try await perform(.release(one.id, lease: one.lease), on: store)
        for _ in 0..<2 { try await perform(.report(two.id, lease: two.lease, failed: true, rest: .zero), on: store) }
        try await perform(.turn(.paused), on: store)
        #expect(try await perform(.assign(PoolClaim(holder: "w", waits: true)), on: store) == .waiting(ticket: 1))
        let before = [try await perform(.statistics, on: store), try await perform(.list(after: nil, limit: 100), on: store)]
        await store.close()
        store = try open(folder)
        #expect(try await [perform(.statistics, on: store), perform(.list(after: nil, limit: 100), on: store)] == before)
        #expect(try await store.pools(after: nil, limit: 10) == [.usual])
        #expect(try await perform(.keepAlive(three.id, lease: three.lease), on: store) == .alive(until: now + .seconds(60)))
        await store.close()
    }

    @Test func poolOfEveryPolicyReadsAsItWasWritten() {
        let plain = PoolPolicy()
        #expect(PoolPolicy(stored: plain.encoded()) == plain)
        #expect(PoolPolicy(stored: policy.encoded()) == policy)
        for length in 0..<policy.encoded().count { #expect(PoolPolicy(stored: Array(policy.encoded().prefix(length))) == nil) }
        #expect(PoolPolicy(stored: policy.encoded() + [0]) == nil)
        #expect(PoolPolicy(stored: [2] + policy.encoded().dropFirst()) == nil, "a later form is not taken for this one")
    }

    @Test func fileOfTheFirstVersionTakesPools() async throws {
        let folder = temporaryFolder()
        try SystemCalls.makeFolder(folder)
        let fixture = try #require(Bundle.module.url(forResource: "version-1", withExtension: "db", subdirectory: "Fixtures"))
        try SystemCalls.copy(fixture.path, to: folder + "/" + SQLiteStore.fileName)
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, partitions: 8))
        #expect(try await perform(.create(policy), on: store) == .done)
        #expect(try await perform(.add(tokens(2)), on: store) == .added(2))
        #expect(try await taken(store).sealed.count == 2)
        await store.close()
    }

    /// canon 60: the event is committed with the change, or not at all.
    @Test func storeThatKeepsNoEventsWritesNoneOfPools() async throws {
        for keepsEvents in [true, false] {
            let store = try open(temporaryFolder(), keepsEvents: keepsEvents)
            try await perform(.create(policy), on: store)
            try await perform(.add(tokens(1)), on: store)
            _ = try await taken(store)
            #expect(try await store.events(after: 0, limit: 10).map(\.event.name) == (keepsEvents ? [.tokenAssigned] : []))
            await store.close()
        }
    }

    /// What was given out after the backup was made is forgotten with it; the numbers go on above it all the same.
    @Test func leasesRiseOverARestore() async throws {
        let (folder, file) = (temporaryFolder(), temporaryFolder())
        var store = try open(folder)
        try await perform(.create(PoolPolicy(rest: .zero)), on: store)
        try await perform(.add(tokens(1)), on: store)
        try SQLiteStore.backup(folder: folder, to: file)
        var last = LeaseNumber.none
        for _ in 0..<20 {
            last = try await taken(store).lease
            try await perform(.release(tokens(1)[0].id, lease: last), on: store)
        }
        await store.close()
        try await SQLiteStore.restore(file: file, to: folder, at: now)
        store = try open(folder)
        #expect(try await taken(store, at: now + .milliseconds(1)).lease > last)
        await store.close()
    }

    /// One verb of a group fails: the group is undone, its headers are forgotten, and then each is tried alone.
    @Test func groupThatIsUndoneLeavesNoTraceInItsPools() async throws {
        let folder = temporaryFolder()
        let store = try open(folder)
        try await perform(.create(PoolPolicy()), on: store)
        try await perform(.add(tokens(4)), on: store)
        await store.close()
        try tamper(folder, "CREATE TRIGGER refusal BEFORE INSERT ON pool_value BEGIN SELECT RAISE(ABORT, 'not this one'); END")
        let writer = try Writer(try Connection(file: folder + "/" + SQLiteStore.fileName, readOnly: false, pageCacheBytes: 1 << 20))
        func order(_ verb: PoolVerb) -> Work { .pool(PoolOrder(verb: verb, pool: .usual, now: now, seed: 1)) }
        let assign = order(.assign(PoolClaim(holder: "w")))
        let results = writer.perform([assign, order(.add(Array(tokens(6).suffix(2)))), assign])
        #expect(throws: StoreError.unavailable("not this one")) { try results[1].get() }
        let leases = [0, 2].compactMap { number -> LeaseNumber? in
            guard case .assigned(let taken) = try? results[number].get().reply?.outcome else { return nil }
            return taken[0].lease
        }
        #expect(Set(leases).count == 2, "the others of the group were not served")
        guard case .statistics(let counted)? = try writer.perform([order(.statistics)])[0].get().reply?.outcome,
            case .tokens(let listed)? = try writer.perform([order(.list(after: nil, limit: 10))])[0].get().reply?.outcome
        else {
            Issue.record("no statistics and no list")
            return
        }
        #expect(counted.assigned == 2 && counted.free == 2)
        #expect(Set(listed.compactMap { $0.assignment?.lease }) == Set(leases))
        #expect(listed.count == 4)
    }

    @Test func damagedRowIsSaidToBeDamaged() async throws {
        let folder = temporaryFolder()
        var store = try open(folder)
        try await perform(.create(PoolPolicy()), on: store)
        try await perform(.add(tokens(2)), on: store)
        await store.close()
        try tamper(folder, "UPDATE pool_token SET standing = 9")
        store = try open(folder)
        await #expect(throws: StoreError.corrupt("a token of the pool default is damaged")) { try await taken(store) }
        await store.close()
        try tamper(folder, "UPDATE pool SET policy = x'09'")
        store = try open(folder)
        await #expect(throws: StoreError.corrupt("the header of the pool default is damaged")) { try await perform(.statistics, on: store) }
        await store.close()
    }
}
