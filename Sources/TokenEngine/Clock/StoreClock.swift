public import Logging
public import ServiceLifecycle
import Synchronization
public import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The one clock of all instances that share a store: this machine's monotonic clock plus its measured offset to the store's time.
///
/// What anybody sets the machine's wall clock to changes nothing here: it is not read. Where the store turns out to be behind what was given out,
/// the time stands until the store has caught up. It does not run on slower: then two instances would disagree for longer, and a store's time that
/// does not go back is behind by an error of measurement only, some milliseconds, in which a standing clock is what a coarser one is. A store that
/// is ahead is followed at once, so that this instance is not the one that still accepts what has expired.
public final class StoreClock: WallClock, Service {
    /// The pause between two measurements: at the worst drift a millisecond.
    static let pause = Duration.seconds(1)
    /// How many measurements the start takes: the first exchange on a connection is slow, the third is not.
    static let firstMeasurements = 4

    private let store: any SharedStore
    private let leeway: Int64
    private let logger: Logger
    private let monotonic: @Sendable () -> MonotonicTime
    /// What is known of the offset. Guarded while a measurement is taken in and published.
    private let known = Mutex(ClockOffset())
    /// The offset in microseconds; `unknown` before the first measurement.
    private let offset = Atomic(unknown)
    /// When it was last measured, in microseconds of the monotonic clock.
    private let measuredAt = Atomic<Int64>(0)
    /// The latest time given out, in milliseconds.
    private let latest = Atomic<Int64>(0)
    private static let unknown = Int64.min

    /// A clock that says `UnixTime.epoch`, and that it is behind, until `start` has returned.
    ///
    /// - Parameter leeway: how far the time given out may be ahead of the store's before nothing is issued.
    public convenience init(of store: any SharedStore, leeway: Duration = .seconds(5), logger: Logger) {
        self.init(of: store, leeway: leeway, logger: logger, monotonic: { MonotonicTime.read() })
    }

    init(of store: any SharedStore, leeway: Duration, logger: Logger, monotonic: @escaping @Sendable () -> MonotonicTime) {
        self.store = store
        self.leeway = leeway.wholeMilliseconds
        self.logger = logger
        self.monotonic = monotonic
    }

    /// Takes the first measurements, one after the other.
    ///
    /// - Throws: what the store throws.
    public func start() async throws(StoreError) {
        for _ in 0..<Self.firstMeasurements { try await measure() }
    }

    /// Measures every second until the service group shuts down. When the store cannot be reached, the time goes on by the offset last measured.
    public func run() async throws {
        try await Keeper("store clock", every: Self.pause, logger: logger) { try await self.measure() }.run()
    }

    /// Now, by the store's time, or the latest time given out if that is later.
    public func now() -> UnixTime {
        guard let time = storeTime() else { return UnixTime(milliseconds: latest.load(ordering: .relaxed)) }
        var seen = latest.load(ordering: .relaxed)
        while seen < time {
            let (done, original) = latest.compareExchange(expected: seen, desired: time, ordering: .relaxed)
            if done { return UnixTime(milliseconds: time) }
            seen = original
        }
        return UnixTime(milliseconds: seen)
    }

    /// Whether the store's time was never measured, or is further behind what was given out than the leeway.
    public var isBehind: Bool {
        guard let time = storeTime() else { return true }
        return latest.load(ordering: .relaxed) - time > leeway
    }

    /// How far this clock is ahead of the machine's wall clock, in seconds: for a metric, and for nothing else; nil before `start`.
    public var offsetToSystem: Double? {
        guard let time = storeTime() else { return nil }
        var system = timespec()
        clock_gettime(CLOCK_REALTIME, &system)
        return Double(time) / 1000 - (Double(system.tv_sec) + Double(system.tv_nsec) / 1e9)
    }

    /// How long ago the store's time was last measured; nil before `start`.
    public var age: Duration? {
        guard offset.load(ordering: .relaxed) != Self.unknown else { return nil }
        return monotonic() - MonotonicTime(microseconds: measuredAt.load(ordering: .relaxed))
    }

    /// Asks the store once.
    func measure() async throws(StoreError) {
        let sent = monotonic()
        let time = try await store.time()
        let sample = ClockOffset.Sample(sent: sent, received: monotonic(), storeTime: time)
        known.withLock { known in
            known.measured(sample)
            guard let microseconds = known.microseconds, let at = known.measuredAt else { return }
            measuredAt.store(at.microseconds, ordering: .relaxed)
            offset.store(microseconds, ordering: .relaxed)
        }
    }

    /// The store's time in milliseconds, as far as known.
    private func storeTime() -> Int64? {
        let offset = offset.load(ordering: .relaxed)
        return offset == Self.unknown ? nil : (monotonic().microseconds + offset) / 1000
    }
}

extension StoreClock: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "store clock" }
}
