#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A point of the clock that only goes forward, also while the machine sleeps, and that nobody sets: for measuring how long ago something was.
///
/// In whole microseconds since some moment before the process began. It is a number and not a `ContinuousClock.Instant`, which is the same clock, so
/// that event loops read, compare and share it in a few nanoseconds.
struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Microseconds since that moment.
    let microseconds: Int64

    /// Now.
    static func read() -> MonotonicTime {
        var time = timespec()
        #if os(Linux)
        clock_gettime(CLOCK_BOOTTIME, &time)
        #else
        clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        return MonotonicTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Earlier is less.
    static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.microseconds < b.microseconds }

    /// How long from `earlier` to `later`.
    static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration { .microseconds(later.microseconds - earlier.microseconds) }
}
