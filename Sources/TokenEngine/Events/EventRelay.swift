public import Logging
public import ServiceLifecycle
import Synchronization
public import TokenCore

/// Carries the outbox to the sinks: at least once, in order, never in a request's path. What every sink has leaves the store.
public final class EventRelay: Service {
    /// How long and how much waits at most for a sink that does not take it.
    public struct Retention: Sendable, Hashable {
        /// How old an event may become.
        public var age: Duration
        /// How many bytes of events may wait.
        public var bytes: Int

        /// Bounds; the defaults are 24 hours and 1 GiB.
        public init(age: Duration = .seconds(24 * 3600), bytes: Int = 1 << 30) {
            self.age = age
            self.bytes = bytes
        }
    }

    private struct State {
        /// The number of the last event that each sink has.
        var delivered: [UInt64]
        /// How many events each sink will never get, since the last line that told it.
        var missed: [UInt64]
        var trimmed: UInt64 = 0
        var dropped: UInt64 = 0
    }

    private let log: any EventLog
    private let sinks: [any EventSink]
    private let retention: Retention
    private let clock: any WallClock
    private let logger: Logger
    /// Guards the relay's own counts while they are read or written.
    private let state: Mutex<State>
    private static let page = 1000
    /// How long one look goes on with a long backlog: the end of the server waits for two looks.
    private static let look = Duration.seconds(1)

    /// A relay from an outbox to some sinks. Without a sink everything leaves the store at once: what an earlier run
    /// with a sink left behind.
    public init(from log: any EventLog, to sinks: [any EventSink], retention: Retention, clock: any WallClock, logger: Logger) {
        self.log = log
        self.sinks = sinks
        self.retention = retention
        self.clock = clock
        self.logger = logger
        state = Mutex(State(delivered: Array(repeating: 0, count: sinks.count), missed: Array(repeating: 0, count: sinks.count)))
    }

    /// How many events left the store before every sink had them, since the start.
    public var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Relays until the service group shuts down, and then what one more look takes: a longer backlog stays for the next start. An idle outbox
    /// is looked at every 100 ms.
    public func run() async throws {
        try await Keeper("event relay", every: .milliseconds(100), logger: logger) { try await self.relay() }.run()
    }

    /// Brings every sink as far as it will go, then removes what all have and what has waited too long.
    func relay() async throws {
        var failure: (any Error)?
        if sinks.isEmpty { try await discard() }
        for index in sinks.indices {
            do { try await relay(to: index) } catch { failure = error }
        }
        if let done = state.withLock({ $0.delivered.min() }) { try await trim(through: done) }
        // Also without a failure: a sink that takes less than there is falls behind as well.
        try await enforceRetention()
        if let failure { throw failure }
    }

    private func relay(to index: Int) async throws {
        let end = ContinuousClock.now + Self.look
        while true {
            let (after, missed) = state.withLock { ($0.delivered[index], $0.missed[index]) }
            let page = try await log.events(after: after, limit: Self.page - 1)
            // A gap is told where it is, under the number of the last event that is missing, also when nothing follows.
            let gap = missed > 0 ? [NumberedEvent(number: after, event: Event(.eventsDropped, at: clock.now(), count: missed))] : []
            let events = gap + page
            guard !events.isEmpty else { return }
            var (written, failure) = (events.count, (any Error)?.none)
            do { try await sinks[index].write(events) } catch let error as PartlyWritten {
                (written, failure) = (error.count, error.cause)
            }
            if written > 0 {
                state.withLock { state in
                    state.delivered[index] = events[written - 1].number
                    state.missed[index] -= missed
                }
            }
            // Trim as we go: a long backlog would otherwise be kept whole until its end.
            if let done = state.withLock({ $0.delivered.min() }) { try await trim(through: done) }
            if let failure { throw failure }
            if page.count < Self.page - 1 || ContinuousClock.now >= end { return }
        }
    }

    private func discard() async throws {
        while let last = try await log.events(after: state.withLock { $0.trimmed }, limit: 10_000).last {
            try await trim(through: last.number)
        }
    }

    private func trim(through number: UInt64) async throws {
        guard number > state.withLock({ $0.trimmed }) else { return }
        try await log.trimEvents(through: number)
        state.withLock { $0.trimmed = max($0.trimmed, number) }
    }

    /// Removes the oldest events beyond the bounds, and remembers for each sink how many it will miss.
    private func enforceRetention() async throws {
        let backlog = try await log.backlog()
        let horizon = clock.now() - retention.age
        var excess = backlog.bytes - retention.bytes
        guard excess > 0 || backlog.oldest.map({ $0 < horizon }) == true else { return }
        let page = try await log.events(after: state.withLock { $0.trimmed }, limit: 10_000)
        let average = max(1, backlog.bytes / max(1, backlog.count))
        let gone = page.prefix { event in
            defer { excess -= average }
            return excess > 0 || event.event.at < horizon
        }
        guard let last = gone.last else { return }
        try await trim(through: last.number)
        state.withLock { state in
            state.dropped += UInt64(gone.count)
            for index in sinks.indices {
                state.missed[index] += UInt64(gone.count { $0.number > state.delivered[index] })
                state.delivered[index] = max(state.delivered[index], last.number)
            }
        }
        logger.error("events left the store before every sink had them", metadata: ["count": "\(gone.count)"])
    }
}

extension EventRelay: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "event relay" }
}
