import Dispatch
import Synchronization
import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

/// Batches that wait together share a transaction, and nothing else.
@Suite struct GroupCommitTests {
    @Test func batchesThatWaitTogetherShareOneTransaction() async throws {
        let gate = GatedObserver()
        let store = try await blockedStore(gate)
        let outcomes = await withTaskGroup(of: StoreError?.self) { group in
            for number in 1...100 { group.addTask { await outcome(store, Sample.insert(number)) } }
            group.addTask {
                while store.waiting < 100 { await Task.yield() }
                gate.open()
                return nil
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 == nil })
        #expect(gate.reports.map(\.batches) == [1, 100])
        await store.close()
    }

    /// Whoever writes alone is not kept waiting, and whoever waits for company is not kept for ever.
    @Test func gatheringEndsWhenTheOthersStayAway() async throws {
        let gate = GatedObserver()
        let store = try await blockedStore(gate)
        await withTaskGroup(of: Void.self) { group in
            for number in 1...20 { group.addTask { #expect(await outcome(store, Sample.insert(number)) == nil) } }
            group.addTask {
                while store.waiting < 20 { await Task.yield() }
                gate.open()
            }
        }
        // The group of twenty is over, and nobody else comes.
        for number in 21...23 { #expect(await outcome(store, Sample.insert(number)) == nil) }
        #expect(gate.reports.map(\.batches) == [1, 20, 1, 1, 1])
        await store.close()
    }

    @Test func closingDoesNotWaitForCompany() async throws {
        let gate = GatedObserver()
        let store = try await blockedStore(gate)
        async let first = outcome(store, Sample.insert(1))
        async let second = outcome(store, Sample.insert(2))
        while store.waiting < 2 { await Task.yield() }
        gate.open()
        #expect(await [first, second] == [nil, nil])
        await store.close()
        #expect(await outcome(store, Sample.insert(3)) == .unavailable("the store is closed"))
    }

    @Test func aStoreThatKeepsNoEventsWritesNone() async throws {
        let store = try SQLiteStore.open(.init(path: temporaryFolder(), synchronous: .off, keepsEvents: false))
        #expect(await outcome(store, Sample.insert(1)) == nil)
        #expect(try await store.events(after: 0, limit: 10).isEmpty)
        await store.close()
    }

    @Test func aConflictSpoilsNobodyElsesBatch() async throws {
        let gate = GatedObserver()
        let store = try await blockedStore(gate)
        // Number 0 is there already; each other number twice: of every pair one conflicts.
        let outcomes = await withTaskGroup(of: StoreError?.self) { group in
            for number in 0..<60 { group.addTask { await outcome(store, Sample.insert(number / 2)) } }
            group.addTask {
                while store.waiting < 60 { await Task.yield() }
                gate.open()
                return nil
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .conflict } == 31)
        #expect(outcomes.count { $0 == nil } == 29 + 1)
        #expect(gate.reports.last?.conflicts == 31)
        #expect(try await store.events(after: 0, limit: 1000).count == 30)
        await store.close()
    }

    /// A trigger stands for whatever may be wrong with one batch alone.
    @Test func aBatchThatSQLiteRefusesSpoilsNobodyElses() async throws {
        let folder = temporaryFolder()
        await (try SQLiteStore.open(SQLiteStore.Configuration(path: folder))).close()
        try tamper(
            folder,
            "CREATE TRIGGER poison BEFORE INSERT ON record WHEN NEW.index_key = CAST('user-7' AS BLOB) BEGIN SELECT RAISE(ABORT, 'poison'); END")
        let gate = GatedObserver()
        let store = try await blockedStore(gate, folder)
        let outcomes = await withTaskGroup(of: (Int, StoreError?).self) { group in
            for number in 1...20 { group.addTask { (number, await outcome(store, Sample.insert(number))) } }
            group.addTask {
                while store.waiting < 20 { await Task.yield() }
                gate.open()
                return (0, nil)
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(outcomes == [7: .unavailable("poison")])
        // Nothing of the group that was undone has left a trace: one event per insert, numbered without a gap.
        #expect(try await store.events(after: 0, limit: 100).map(\.number) == Array(1...20))
        await store.close()
    }

    @Test func aFullLineRefusesAndTakesAgainWhenItIsShorter() async throws {
        let gate = GatedObserver()
        let store = try await blockedStore(gate)
        let outcomes = await withTaskGroup(of: StoreError?.self) { group in
            for number in 1...(CommitQueue.mostWaiting + 50) { group.addTask { await outcome(store, Sample.insert(number)) } }
            group.addTask {
                // Those who were refused have their answer while the others still wait.
                while gate.refused < 50 { await Task.yield() }
                gate.open()
                return nil
            }
            var outcomes: [StoreError?] = []
            for await outcome in group {
                if outcome == .overloaded { gate.noteRefusal() }
                outcomes.append(outcome)
            }
            return outcomes
        }
        #expect(outcomes.count { $0 == .overloaded } == 50)
        #expect(outcomes.count { $0 == nil } == CommitQueue.mostWaiting + 1)
        #expect(await outcome(store, Sample.insert(100_000)) == nil)
        #expect(gate.reports.allSatisfy { $0.batches <= CommitQueue.mostInGroup })
        await store.close()
    }

    /// A store whose writer is held at the end of its first group, which inserted number 0.
    private func blockedStore(_ gate: GatedObserver, _ folder: String = temporaryFolder()) async throws -> SQLiteStore {
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off, observer: gate))
        Task { try await store.commit(Sample.insert(0)) }
        while gate.reports.isEmpty { await Task.yield() }
        return store
    }
}

/// Holds the writer at its first report until it is opened.
private final class GatedObserver: CommitObserver {
    private let state = Mutex<(reports: [CommitReport], refused: Int)>(([], 0))
    private let gate = DispatchSemaphore(value: 0)

    var reports: [CommitReport] { state.withLock { $0.reports } }
    var refused: Int { state.withLock { $0.refused } }
    func noteRefusal() { state.withLock { $0.refused += 1 } }
    func open() { gate.signal() }

    func committed(_ report: CommitReport) {
        let isFirst = state.withLock { state in
            state.reports.append(report)
            return state.reports.count == 1
        }
        if isFirst { gate.wait() }
    }
}
