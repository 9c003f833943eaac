import TokenCore

/// Until when a thread answers from its own memory, by the coarse clocks, whose error is taken off.
///
/// It is over as soon as either clock has got there. It is over, too, when the two clocks are not as far apart as they were: then the wall clock was set
/// or the machine slept, and only the precise clocks, one of which goes on in sleep, can say what that means. Both clocks of Linux are slewed alike, so
/// that nothing else moves them apart.
///
/// Both are read in the first look of each tick of the kernel only. The steady clock never says the same again in another tick, nor after a wall clock
/// was set or the machine slept, because the kernel brings it forward before it does either. So while it says what it said in the last look at both, no
/// time has passed that a coarse clock would show, and that look still holds.
struct CoarseEnd {
    private let steady: Int64
    private let wall: Int64
    /// By how much the wall clock was ahead of the steady one.
    private let difference: Int64
    /// What the steady clock said in the last look at both.
    private var seen: Int64

    /// What is over from the beginning.
    init() { (steady, wall, difference, seen) = (.min, .min, 0, .min) }

    /// The end of what lasts so long, by the precise clocks, at a moment not before `now`; nil if the coarse clocks are too coarse for it.
    ///
    /// - Parameter left: nil for what does not end.
    init?(_ left: Duration?, from now: CoarseClock) {
        let left = left.map { Self.nanoseconds($0) - CoarseClock.error } ?? .max
        guard left > 0 else { return nil }
        steady = Self.sum(now.steady, left)
        wall = Self.sum(now.wall, left)
        difference = now.wall &- now.steady
        seen = now.steady
    }

    /// Whether it is still ahead, at what the steady clock says, and the wall clock if it is asked.
    @inline(__always)
    mutating func isAhead(at now: Int64, wall: () -> Int64) -> Bool {
        if now == seen { return true }
        return look(CoarseClock(steady: now, wall: wall()))
    }

    private mutating func look(_ now: CoarseClock) -> Bool {
        let moved = (now.wall &- now.steady &- difference).magnitude
        guard now.steady < steady, now.wall < wall, moved <= Self.tolerance else { return false }
        seen = now.steady
        return true
    }

    /// Two readings may be a tick apart, at the beginning and now.
    private static let tolerance = UInt64(2 * CoarseClock.error)

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let milliseconds = duration.wholeMilliseconds
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }

    private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}
