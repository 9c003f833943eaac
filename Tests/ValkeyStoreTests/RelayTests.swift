import Logging
import Synchronization
import Testing
import TokenCore
import ValkeyServer
import ValkeyStore

@testable import TokenEngine

/// Events of many partitions reach the sinks: all, once, each partition's in its order.
@Suite struct RelayTests {
    @Test(arguments: Shape.allCases) func everyOutboxIsCarriedInItsOwnOrder(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            let partitions = (0..<4 as Range<UInt16>).compactMap { Partition(number: $0) } + [.control]
            try await commit(0..<20, partitions, to: store)
            let sink = Sink()
            let relay = Self.relay(store, sink)
            try await relay.relay()
            #expect(try await store.outboxHeads() == Dictionary(uniqueKeysWithValues: partitions.map { ($0, 20) }))
            for partition in partitions { #expect(try await store.backlog(of: partition).count == 0) }
            // Others write while it carries; an instance that takes over afterwards brings nothing twice, because what all have has left.
            try await commit(20..<25, partitions, to: store)
            try await Self.relay(store, sink).relay()
            let taken = sink.taken.withLock { $0 }
            #expect(taken.count == 25 * partitions.count)
            for partition in partitions {
                let own = taken.filter { $0.outbox == partition }
                #expect(own.map(\.number) == Array(1...25))
                #expect(own.compactMap(\.event.count) == Array(0..<25))
            }
        }
    }

    @Test func whoDoesNotLeadCarriesNothing() async throws {
        try await Shape.valkey.run { place in
            let store = try await place.emptyStore()
            try await commit(0..<3, [.control], to: store)
            let sink = Sink()
            try await Self.relay(store, sink, leads: false).relay()
            #expect(sink.taken.withLock { $0.isEmpty })
            #expect(try await store.backlog().count == 3)
        }
    }

    @Test func withoutASinkNothingIsKept() async throws {
        try await Shape.valkey.run { place in
            let store = try await place.emptyStore(.init(partitions: 4, keepsEvents: false))
            try await commit(0..<3, [.control], to: store)
            #expect(try await store.outboxHeads().isEmpty)
        }
    }

    private func commit(_ counts: Range<UInt64>, _ partitions: [Partition], to store: ValkeyStore) async throws {
        for count in counts {
            for partition in partitions {
                try await store.commit(
                    WriteBatch(partition: partition, now: Sample.now, events: [Event(.issued, at: Sample.now, count: count)]))
            }
        }
    }

    private static func relay(_ store: ValkeyStore, _ sink: Sink, leads: Bool = true) -> EventRelay {
        EventRelay(
            from: store, to: [sink], retention: .init(), clock: StandingClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, leads: { leads })
    }
}

/// Some time that does not pass.
private struct StandingClock: WallClock {
    func now() -> UnixTime { Sample.now }
    var isBehind: Bool { false }
}

/// Takes everything.
private final class Sink: EventSink {
    let name = "test"
    let taken = Mutex<[NumberedEvent]>([])

    func write(_ events: [NumberedEvent]) async throws { taken.withLock { $0 += events } }
}
