import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Both clocks to within a few milliseconds, in a few nanoseconds each: what the check on every call reads.
///
/// The steady one stands still while the machine sleeps, where the wall clock has gone on when it wakes; a wall clock that is set back is caught by
/// the steady one. `CoarseEnd` says what follows from both.
struct CoarseClock {
    /// Nanoseconds.
    let steady: Int64
    /// Nanoseconds.
    let wall: Int64

    /// How far behind a reading may be: a tick of the slowest kernel that is configured, 100 a second.
    static let error: Int64 = 10_000_000

    static func read() -> CoarseClock {
        var time = timespec()
        let steady = steady(&time)
        return CoarseClock(steady: steady, wall: wall(&time))
    }

    /// The steady clock, by way of memory that the caller has anyway: a place on the stack would cost a look at whether anything overran it.
    @inline(__always)
    static func steady(_ time: UnsafeMutablePointer<timespec>) -> Int64 {
        #if os(Linux)
        nanoseconds(CLOCK_MONOTONIC_COARSE, time)
        #else
        nanoseconds(CLOCK_MONOTONIC_RAW, time)
        #endif
    }

    /// The wall clock, as `steady`.
    @inline(__always)
    static func wall(_ time: UnsafeMutablePointer<timespec>) -> Int64 {
        #if os(Linux)
        nanoseconds(CLOCK_REALTIME_COARSE, time)
        #else
        nanoseconds(CLOCK_REALTIME, time)
        #endif
    }

    @inline(__always)
    private static func nanoseconds(_ clock: clockid_t, _ time: UnsafeMutablePointer<timespec>) -> Int64 {
        clock_gettime(clock, time)
        return Int64(time.pointee.tv_sec) &* 1_000_000_000 &+ Int64(time.pointee.tv_nsec)
    }
}

extension Moment {
    /// Now, by the precise clocks.
    static func read() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(wall: UnixTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000), steady: .read())
    }
}

extension MonotonicTime {
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
}
