public import Logging
public import ServiceLifecycle
import Synchronization
public import TokenCore

/// Carries the outboxes to the sinks: at least once, each outbox in its order, never in a request's path. What every sink has leaves the store.
public final class EventRelay: Service {
    /// How long and how much waits at most for a sink that does not take it.
    public struct Retention: Sendable, Hashable {
        /// How old an event may become.
        public var age: Duration
        /// How many bytes of events may wait, in all outboxes together.
        public var bytes: Int

        /// Bounds; the defaults are 24 hours and 1 GiB.
        public init(age: Duration = .seconds(24 * 3600), bytes: Int = 1 << 30) {
            self.age = age
            self.bytes = bytes
        }
    }

    /// How far one outbox has been carried.
    private struct Progress {
        /// The number of the last event that each sink has.
        var delivered: [UInt64]
        /// How many events each sink will never get, since the last line that told it.
        var missed: [UInt64]
        var trimmed: UInt64 = 0

        /// The number up to which every sink has everything; nil without a sink.
        var everywhere: UInt64? { delivered.min() }
        /// The last number that was carried anywhere, or dropped.
        var furthest: UInt64 { max(trimmed, delivered.max() ?? 0) }
        /// Whether a sink does not know yet that it misses something.
        var hasUntoldGap: Bool { missed.contains { $0 > 0 } }

        /// Forgets what was carried, but not what is to be told.
        mutating func beginAnew() {
            delivered = delivered.map { _ in 0 }
            trimmed = 0
        }
    }

    private struct State {
        var progress: [Partition: Progress] = [:]
        var dropped: UInt64 = 0
    }

    private let log: any EventLog
    private let sinks: [any EventSink]
    private let retention: Retention
    private let clock: any WallClock
    private let logger: Logger
    private let leads: @Sendable () -> Bool
    /// Guards the relay's own counts while they are read or written.
    private let state = Mutex(State())
    private static let page = 1000
    /// How long one look goes on with a long backlog: the end of the server waits for two looks.
    private static let look = Duration.seconds(1)

    /// A relay from a store's outboxes to some sinks. Without a sink everything leaves the store at once: what an earlier run
    /// with a sink left behind.
    ///
    /// - Parameter leads: whether this instance is the one that relays; of many that share a store, one is enough.
    public init(
        from log: any EventLog, to sinks: [any EventSink], retention: Retention, clock: any WallClock, logger: Logger,
        leads: @escaping @Sendable () -> Bool = { true }
    ) {
        self.log = log
        self.sinks = sinks
        self.retention = retention
        self.clock = clock
        self.logger = logger
        self.leads = leads
    }

    /// How many events left the store before every sink had them, since the start.
    public var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Relays until the service group shuts down, and then what one more look takes: a longer backlog stays for the next start. Idle outboxes
    /// are looked at every 100 ms.
    public func run() async throws {
        try await Keeper("event relay", every: .milliseconds(100), logger: logger) { try await self.relay() }.run()
    }

    /// Brings every sink as far as it will go, then removes what all have and what has waited too long.
    func relay() async throws {
        guard leads() else { return }
        let heads = try await log.outboxHeads()
        beginAnew(where: heads)
        let end = ContinuousClock.now + Self.look
        var failure: (any Error)?
        for outbox in outboxesWithNews(heads) {
            if sinks.isEmpty { try await discard(outbox) }
            for index in sinks.indices {
                do { try await relay(outbox, to: index, until: end) } catch { failure = error }
            }
            try await trim(outbox)
        }
        // Also without a failure: a sink that takes less than there is falls behind as well.
        try await enforceRetention(outboxesWithNews(heads))
        if let failure { throw failure }
    }

    private func progress(_ outbox: Partition) -> Progress {
        let none = Array(repeating: UInt64(0), count: sinks.count)
        return state.withLock { $0.progress[outbox] } ?? Progress(delivered: none, missed: none)
    }

    private func update(_ outbox: Partition, _ body: (inout Progress) -> Void) {
        var progress = progress(outbox)
        body(&progress)
        state.withLock { $0.progress[outbox] = progress }
    }

    /// An outbox whose last number is below what was carried has gone back, with a server that took over: what waits in it has numbers that were used
    /// for what it lost, and is carried from its beginning.
    private func beginAnew(where heads: [Partition: UInt64]) {
        for (outbox, head) in heads where head < progress(outbox).furthest {
            update(outbox) { $0.beginAnew() }
            logger.error(
                "an outbox went back with the store; events were lost there, and others come again", metadata: ["outbox": "\(outbox.number)"])
        }
    }

    private func outboxesWithNews(_ heads: [Partition: UInt64]) -> [Partition] {
        let behind = heads.filter { outbox, head in
            let progress = progress(outbox)
            return progress.everywhere ?? progress.trimmed < head
        }
        let untold = state.withLock { $0.progress.filter(\.value.hasUntoldGap) }
        return Set(behind.keys).union(untold.keys).sorted()
    }

    private func relay(_ outbox: Partition, to index: Int, until end: ContinuousClock.Instant) async throws {
        while true {
            let progress = progress(outbox)
            let (after, missed) = (progress.delivered[index], progress.missed[index])
            let page = try await log.events(in: outbox, after: after, limit: Self.page - 1)
            // A gap is told where it is, under the number of the last event that is missing, also when nothing follows.
            let lost = Event(.eventsDropped, at: clock.now(), count: missed)
            let events = (missed > 0 ? [NumberedEvent(outbox: outbox, number: after, event: lost)] : []) + page
            guard !events.isEmpty else { return }
            var (written, failure) = (events.count, (any Error)?.none)
            do { try await sinks[index].write(events) } catch let error as PartlyWritten {
                (written, failure) = (error.count, error.cause)
            }
            if written > 0 {
                update(outbox) { progress in
                    progress.delivered[index] = events[written - 1].number
                    progress.missed[index] -= missed
                }
            }
            // Trim as we go: a long backlog would otherwise be kept whole until its end.
            try await trim(outbox)
            if let failure { throw failure }
            if page.count < Self.page - 1 || ContinuousClock.now >= end { return }
        }
    }

    private func discard(_ outbox: Partition) async throws {
        while let last = try await log.events(in: outbox, after: progress(outbox).trimmed, limit: 10_000).last {
            try await trim(outbox, through: last.number)
        }
    }

    private func trim(_ outbox: Partition) async throws {
        if let done = progress(outbox).everywhere { try await trim(outbox, through: done) }
    }

    private func trim(_ outbox: Partition, through number: UInt64) async throws {
        guard number > progress(outbox).trimmed else { return }
        try await log.trimEvents(in: outbox, through: number)
        update(outbox) { $0.trimmed = max($0.trimmed, number) }
    }

    /// Removes the oldest events beyond the bounds, each outbox in proportion to what it holds, and remembers for each sink how many it will miss.
    private func enforceRetention(_ outboxes: [Partition]) async throws {
        var backlogs: [(Partition, OutboxBacklog)] = []
        for outbox in outboxes { backlogs.append((outbox, try await log.backlog(of: outbox))) }
        let total = backlogs.reduce(0) { $0 + $1.1.bytes }
        let share = Double(max(0, total - retention.bytes)) / Double(max(1, total))
        for (outbox, backlog) in backlogs {
            try await enforceRetention(outbox, backlog, excess: Int((Double(backlog.bytes) * share).rounded(.up)))
        }
    }

    private func enforceRetention(_ outbox: Partition, _ backlog: OutboxBacklog, excess: Int) async throws {
        let horizon = clock.now() - retention.age
        guard excess > 0 || backlog.oldest.map({ $0 < horizon }) == true else { return }
        let page = try await log.events(in: outbox, after: progress(outbox).trimmed, limit: 10_000)
        let average = max(1, backlog.bytes / max(1, backlog.count))
        var excess = excess
        let gone = page.prefix { event in
            defer { excess -= average }
            return excess > 0 || event.event.at < horizon
        }
        guard let last = gone.last else { return }
        try await trim(outbox, through: last.number)
        update(outbox) { progress in
            for index in progress.delivered.indices {
                progress.missed[index] += UInt64(gone.count { $0.number > progress.delivered[index] })
                progress.delivered[index] = max(progress.delivered[index], last.number)
            }
        }
        state.withLock { $0.dropped += UInt64(gone.count) }
        logger.error("events left the store before every sink had them", metadata: ["count": "\(gone.count)"])
    }
}

extension EventRelay: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "event relay" }
}
