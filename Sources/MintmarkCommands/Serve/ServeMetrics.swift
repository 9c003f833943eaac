import SQLiteStore
import Synchronization
import TokenCore
import TokenEngine
import TokenHTTP
import ValkeyStore

/// Figures of the store, the keys and the event relay, for `/metrics`.
final class ServeMetrics: CommitObserver, ValkeyCommitObserver, MetricsSource {
    /// Upper bounds of batches per commit and of seconds per commit: from one caller alone to a full group, from a fast disk to a stuck one.
    private static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    private static let seconds: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

    private struct Distribution {
        let bounds: [Double]
        var counts: [UInt64]
        var sum = 0.0
        var count: UInt64 = 0

        init(_ bounds: [Double]) {
            self.bounds = bounds
            counts = Array(repeating: 0, count: bounds.count)
        }

        mutating func add(_ value: Double) {
            sum += value
            count += 1
            if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
        }
    }

    private struct State {
        var sizes = Distribution(ServeMetrics.sizes)
        var seconds = Distribution(ServeMetrics.seconds)
        var conflicts: UInt64 = 0
        var failures: UInt64 = 0
        var watched: Watched?
        /// How many sessions there were when last counted.
        var sessions: (count: Int, at: UnixTime)?
    }

    /// Guards the figures for one addition or one copy.
    private let state = Mutex(State())

    /// What has figures of its own once everything is joined.
    struct Watched: Sendable {
        let keys: KeyKeeper
        let relay: EventRelay
        let clock: any WallClock
        /// Nil where sessions are elsewhere.
        var embedded: SQLiteStore?
        /// Nil where no other instance shares the store.
        var shared: Shared?
    }

    /// What has figures where instances share a store.
    struct Shared: Sendable {
        let follower: RevocationFollower
        let clock: StoreClock
        let leadership: Leadership
        /// What this instance stands for.
        let works: [LeaseRecord.Work]
    }

    /// Has their figures shown too.
    func watch(_ watched: Watched) { state.withLock { $0.watched = watched } }

    func committed(_ report: CommitReport) {
        state.withLock { state in
            state.sizes.add(Double(report.batches))
            state.seconds.add(Double(report.duration / .nanoseconds(1)) / 1e9)
            state.conflicts += UInt64(report.conflicts)
            state.failures += UInt64(report.failures)
        }
    }

    func committed(in duration: Duration, error: StoreError?) {
        state.withLock { state in
            state.sizes.add(1)
            state.seconds.add(Double(duration / .nanoseconds(1)) / 1e9)
            switch error {
            case nil: break
            case .conflict?: state.conflicts += 1
            default: state.failures += 1
            }
        }
    }

    func metrics() async -> [MetricFamily] {
        let (sizes, seconds, conflicts, failures, watched) = state.withLock {
            ($0.sizes, $0.seconds, $0.conflicts, $0.failures, $0.watched)
        }
        var families = Self.families(sizes, "mintmark_store_commit_batches", "How many requests shared one commit.")
        families += Self.families(seconds, "mintmark_store_commit_seconds", "How long a commit took, the fsync included.")
        families.append(Self.counter("mintmark_store_conflicts_total", "Batches refused because another was first.", conflicts))
        families.append(Self.counter("mintmark_store_failures_total", "Batches that the store could not write.", failures))
        if let watched { families += await self.families(watched) }
        return families
    }

    private func families(_ watched: Watched) async -> [MetricFamily] {
        let now = watched.clock.now()
        let ages = watched.keys.snapshot.ring.keys.map { key in
            MetricFamily.Sample(
                Double((now - key.createdAt).wholeMilliseconds) / 1000,
                labels: [.init("state", key.stateName), .init("kid", key.id.text)])
        }
        var families = [
            Self.counter("mintmark_events_dropped_total", "Events that left the store before every sink had them.", watched.relay.dropped),
            MetricFamily("mintmark_key_age_seconds", help: "Time since each signing key was made.", samples: ages),
        ]
        if let shared = watched.shared { families += Self.families(shared) }
        if let store = watched.embedded, let live = await sessions(in: store, now: now) {
            families.append(
                MetricFamily(
                    "mintmark_sessions_live", help: "Sessions that have neither ended nor expired, counted once a minute.",
                    samples: [.init(Double(live))]))
        }
        return families
    }

    private static func families(_ shared: Shared) -> [MetricFamily] {
        let leads = shared.works.map { work in
            MetricFamily.Sample(shared.leadership.leads(work) ? 1 : 0, labels: [.init("work", "\(work)")])
        }
        return [
            MetricFamily(
                "mintmark_revocation_lag_seconds", help: "How long ago every revocation of all instances was known here.",
                samples: [.init(Double(shared.follower.lag / .nanoseconds(1)) / 1e9)]),
            counter(
                "mintmark_revocation_log_reloads_total",
                "Logs read again from their beginning, because the store had gone back or entries were missing.",
                shared.follower.reloads),
            MetricFamily(
                "mintmark_store_clock_offset_seconds", help: "How far the store's clock is ahead of this machine's.",
                samples: [.init(shared.clock.offsetToSystem ?? 0)]),
            MetricFamily("mintmark_leader", help: "1 while this instance does the work that one of all does.", samples: leads),
        ]
    }

    /// The number of sessions, counted at most once a minute, because it is a scan.
    private func sessions(in store: SQLiteStore, now: UnixTime) async -> Int? {
        if let known = state.withLock({ $0.sessions }), now < known.at + .seconds(60) { return known.count }
        guard let count = try? await store.countListed(of: .family) else { return nil }
        state.withLock { $0.sessions = (count, now) }
        return count
    }

    private static func counter(_ name: String, _ help: String, _ value: UInt64) -> MetricFamily {
        MetricFamily(name, .counter, help: help, samples: [.init(Double(value))])
    }

    /// A distribution as a histogram: cumulative counts up to each bound, then sum and count.
    private static func families(_ distribution: Distribution, _ name: String, _ help: String) -> [MetricFamily] {
        var running: UInt64 = 0
        var samples: [MetricFamily.Sample] = []
        for (bound, count) in zip(distribution.bounds, distribution.counts) {
            running += count
            samples.append(.init(Double(running), suffix: "_bucket", labels: [.init("le", "\(bound)")]))
        }
        samples.append(.init(Double(distribution.count), suffix: "_bucket", labels: [.init("le", "+Inf")]))
        samples.append(.init(distribution.sum, suffix: "_sum"))
        samples.append(.init(Double(distribution.count), suffix: "_count"))
        return [MetricFamily(name, .histogram, help: help, samples: samples)]
    }
}
