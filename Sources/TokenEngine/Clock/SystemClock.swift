import Synchronization
public import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The system's wall clock, made never to go back: while the system steps back, the latest time given out stands still.
public final class SystemClock: WallClock {
    /// The latest time given out, in milliseconds.
    private let latest: Atomic<Int64>
    private let leeway: Duration

    /// A clock that does not begin before `floor`: the latest time that the store has seen, so that a restart does not go back either.
    ///
    /// - Parameter leeway: how far back the system's clock may step before nothing is issued.
    public init(floor: UnixTime = .epoch, leeway: Duration = .seconds(5)) {
        latest = Atomic(floor.milliseconds)
        self.leeway = leeway
    }

    /// Now, or the latest time given out if the system says less.
    public func now() -> UnixTime {
        let system = Self.read()
        var seen = latest.load(ordering: .relaxed)
        while seen < system {
            let (done, original) = latest.compareExchange(expected: seen, desired: system, ordering: .relaxed)
            if done { return UnixTime(milliseconds: system) }
            seen = original
        }
        return UnixTime(milliseconds: seen)
    }

    /// Whether the system's clock is further behind than the leeway.
    public var isBehind: Bool {
        UnixTime(milliseconds: latest.load(ordering: .relaxed)) - UnixTime(milliseconds: Self.read()) > leeway
    }

    private static func read() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
