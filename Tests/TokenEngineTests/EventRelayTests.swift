import Logging
import Synchronization
import Testing
import TokenCore

@testable import TokenEngine

/// How events get from the outbox to the sinks: in order, at least once, and what is missing is told.
@Suite struct EventRelayTests {
    @Test(arguments: TestedStore.allCases) func everyEventArrivesInOrderAndThenLeavesTheStore(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let bench = Bench(store, sinks: 1)
            try await bench.commit(2500)
            // On a slow machine one look, which is bounded in time, may not reach the end.
            for _ in 0..<10 where try await store.backlog().count > 0 { try await bench.relay.relay() }
            #expect(bench.sinks[0].taken.map(\.number) == Array(1...2500))
            #expect(bench.sinks[0].taken.map(\.event.subject) == (100_001...102_500).map { "\($0)" })
            #expect(bench.sinks[0].largest <= 1000)
            #expect(try await store.backlog().count == 0)
            // Numbers go on where they were, without a gap, although the outbox was empty.
            try await bench.commit(2)
            try await bench.relay.relay()
            #expect(bench.sinks[0].taken.map(\.number) == Array(1...2502))
        }
    }

    @Test(arguments: TestedStore.allCases) func whatASinkDidNotTakeComesAgain(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let bench = Bench(store, sinks: 1)
            try await bench.commit(3)
            bench.sinks[0].mode = .refuses
            await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
            #expect(try await store.backlog().count == 3)
            // It took them, but could not say so.
            bench.sinks[0].mode = .takesAndFails
            await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
            #expect(try await store.backlog().count == 3)
            bench.sinks[0].mode = .takes
            try await bench.commit(1)
            try await bench.relay.relay()
            #expect(bench.sinks[0].taken.map(\.number) == [1, 2, 3, 1, 2, 3, 4])
            #expect(try await store.backlog().count == 0)
            #expect(bench.relay.dropped == 0)
        }
    }

    @Test(arguments: TestedStore.allCases) func theSlowerOfTwoSinksDecidesWhatLeaves(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let bench = Bench(store, sinks: 2)
            try await bench.commit(4)
            bench.sinks[0].mode = .refuses
            await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
            #expect(bench.sinks[1].taken.map(\.number) == [1, 2, 3, 4], "one that fails holds up no other")
            #expect(try await store.backlog().count == 4)
            bench.sinks[0].mode = .takes
            try await bench.commit(1)
            try await bench.relay.relay()
            #expect(bench.sinks[0].taken.map(\.number) == [1, 2, 3, 4, 5])
            #expect(bench.sinks[1].taken.map(\.number) == [1, 2, 3, 4, 5])
            #expect(try await store.backlog().count == 0)
        }
    }

    @Test(arguments: TestedStore.allCases) func whatWaitsTooLongIsDroppedOldestFirstAndTheSinkIsTold(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let bench = Bench(store, sinks: 2, retention: .init(age: .seconds(60)))
            try await bench.commit(3)
            bench.sinks[0].mode = .refuses
            bench.clock.advance(by: .seconds(60))
            try await bench.commit(2)
            await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
            #expect(try await store.backlog().count == 5, "exactly as old as they may become")
            bench.clock.advance(by: .milliseconds(1))
            await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
            #expect(try await store.events(after: 0, limit: 10).map(\.number) == [4, 5])
            #expect(bench.relay.dropped == 3)
            bench.sinks[0].mode = .takes
            try await bench.relay.relay()
            #expect(bench.sinks[0].taken.map(\.number) == [3, 4, 5])
            #expect(bench.sinks[0].taken.first?.event == Event(.eventsDropped, at: bench.clock.now(), count: 3))
            #expect(bench.sinks[1].taken.map(\.number) == [1, 2, 3, 4, 5], "who has them all misses nothing")
            #expect(bench.sinks[1].taken.allSatisfy { $0.event.name == .issued })
            // It is told once.
            try await bench.commit(1)
            try await bench.relay.relay()
            #expect(bench.sinks[0].taken.map(\.number) == [3, 4, 5, 6])
        }
    }

    @Test(arguments: TestedStore.allCases) func whatIsTooMuchIsDroppedOldestFirst(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let bench = Bench(store, sinks: 1, retention: .init(bytes: 1000))
            bench.sinks[0].mode = .refuses
            try await bench.commit(100)
            await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
            let kept = try await store.events(after: 0, limit: 1000).map(\.number)
            let backlog = try await store.backlog()
            #expect(backlog.bytes <= 1000 && backlog.bytes > 900, "as much as may stay, stays")
            #expect(kept == Array(101 - UInt64(kept.count)...100))
            #expect(bench.relay.dropped == 100 - UInt64(kept.count))
            bench.sinks[0].mode = .takes
            try await bench.relay.relay()
            #expect(bench.sinks[0].taken.map(\.number) == [100 - UInt64(kept.count)] + kept)
            #expect(bench.sinks[0].taken[0].event.count == bench.relay.dropped)
        }
    }

    @Test func aGapIsToldAlsoWhenNothingFollows() async throws {
        let bench = Bench(InMemoryStore(), sinks: 1, retention: .init(age: .seconds(60)))
        try await bench.commit(3)
        bench.sinks[0].mode = .refuses
        bench.clock.advance(by: .seconds(61))
        await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
        // Told and not taken, it is told again.
        await #expect(throws: RecordingSink.Refusal.self) { try await bench.relay.relay() }
        bench.sinks[0].mode = .takes
        try await bench.relay.relay()
        try await bench.relay.relay()
        #expect(bench.sinks[0].taken.map(\.event.name) == [.eventsDropped])
        #expect(bench.sinks[0].taken.first?.event.count == 3)
    }

    @Test func withoutASinkEventsLeaveAtOnce() async throws {
        let bench = Bench(InMemoryStore(), sinks: 0)
        try await bench.commit(30)
        try await bench.relay.relay()
        #expect(try await bench.store.backlog().count == 0)
        #expect(bench.relay.dropped == 0)
    }

    /// A new process does not know what the last one delivered: what it had not trimmed comes again.
    @Test func afterARestartNothingIsMissing() async throws {
        let store = InMemoryStore()
        let before = Bench(store, sinks: 2)
        try await before.commit(3)
        before.sinks[1].mode = .refuses
        await #expect(throws: RecordingSink.Refusal.self) { try await before.relay.relay() }
        let after = Bench(store, sinks: 2)
        try await after.relay.relay()
        #expect(after.sinks.map { $0.taken.map(\.number) } == [[1, 2, 3], [1, 2, 3]])
        #expect(try await store.backlog().count == 0)
    }

    @Test func whatIsLeftAtTheEndIsDelivered() async throws {
        let bench = Bench(InMemoryStore(), sinks: 1)
        try await bench.commit(3)
        let service = Task { try await bench.relay.run() }
        service.cancel()
        try await service.value
        #expect(bench.sinks[0].taken.map(\.number) == [1, 2, 3])
    }
}

extension EventRelayTests {
    /// A server that had less takes over: numbers that were carried before stand for other events now.
    @Test func anOutboxThatWentBackIsCarriedFromItsBeginning() async throws {
        let (before, after) = (InMemoryStore(), InMemoryStore())
        let log = FailingOver(to: before)
        let sink = RecordingSink()
        let clock = ManualClock()
        let relay = EventRelay(
            from: log, to: [sink], retention: .init(), clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        func commit(_ subject: String, to store: InMemoryStore) async throws {
            try await store.commit(
                WriteBatch(partition: .control, now: clock.now(), events: [Event(.issued, at: clock.now(), subject: subject)]))
        }
        for subject in ["a", "b", "c"] { try await commit(subject, to: before) }
        try await relay.relay()
        for subject in ["a", "d"] { try await commit(subject, to: after) }
        log.store.withLock { $0 = after }
        try await relay.relay()
        #expect(sink.taken.map(\.event.subject) == ["a", "b", "c", "a", "d"])
        #expect(try await after.backlog().count == 0)
        try await commit("e", to: after)
        try await relay.relay()
        #expect(sink.taken.last?.event.subject == "e" && sink.taken.count == 6)
    }
}

/// One event log, then another.
private final class FailingOver: EventLog {
    let store: Mutex<InMemoryStore>

    init(to store: InMemoryStore) { self.store = Mutex(store) }

    private var current: InMemoryStore { store.withLock { $0 } }
    func outboxHeads() async throws(StoreError) -> [Partition: UInt64] { try await current.outboxHeads() }
    func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        try await current.events(in: outbox, after: number, limit: limit)
    }
    func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        try await current.trimEvents(in: outbox, through: number)
    }
    func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog { try await current.backlog(of: outbox) }
}

/// A sink that takes events, or not.
final class RecordingSink: EventSink {
    struct Refusal: Error {}
    enum Mode { case takes, takesAndFails, refuses }

    private struct State {
        var mode = Mode.takes
        var taken: [NumberedEvent] = []
        var largest = 0
    }

    let name = "recording"
    private let state = Mutex(State())

    var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }
    /// What it was given and took, in order.
    var taken: [NumberedEvent] { state.withLock { $0.taken } }
    /// The most it was given at once.
    var largest: Int { state.withLock { $0.largest } }

    func write(_ events: [NumberedEvent]) async throws {
        try state.withLock { state in
            state.largest = max(state.largest, events.count)
            if state.mode != .refuses { state.taken += events }
            if state.mode != .takes { throw Refusal() }
        }
    }
}

/// A store, a relay and its sinks.
private final class Bench {
    let store: any TokenEngine.Store
    let sinks: [RecordingSink]
    let clock = ManualClock()
    let relay: EventRelay
    private let count = Mutex(0)

    init(_ store: any TokenEngine.Store, sinks: Int, retention: EventRelay.Retention = .init()) {
        self.store = store
        self.sinks = (0..<sinks).map { _ in RecordingSink() }
        relay = EventRelay(
            from: store, to: self.sinks, retention: retention, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Commits so many events of equal size; the subject of each is its number in all, plus 100,000.
    func commit(_ number: Int) async throws {
        let first = count.withLock { count in
            count += number
            return count - number + 1
        }
        for start in stride(from: first, to: first + number, by: 500) {
            let events = (start..<min(start + 500, first + number)).map { Event(.issued, at: clock.now(), subject: "\(100_000 + $0)") }
            try await store.commit(WriteBatch(partition: .control, now: clock.now(), events: events))
        }
    }
}
