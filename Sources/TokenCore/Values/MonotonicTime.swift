/// A point of a clock that only goes forward, also while the machine sleeps, and that nobody sets: for measuring and for waiting.
///
/// In whole microseconds since some moment before the process began. It is a number and not a `ContinuousClock.Instant`, so that the core can count
/// with it and event loops read, compare and share it in a few nanoseconds.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Microseconds since that moment.
    public let microseconds: Int64

    /// The point so many microseconds after that moment.
    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Earlier is less.
    @inlinable
    public static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.microseconds < b.microseconds }

    /// How long from `earlier` to `later`; negative when they stand the other way round.
    @inlinable
    public static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration { .microseconds(later.microseconds - earlier.microseconds) }

    /// The point that much later, saturating.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (product, overflow) = duration.wholeMilliseconds.multipliedReportingOverflow(by: 1000)
        let rest = duration.components.attoseconds / 1_000_000_000_000 % 1000
        let (sum, late) = time.microseconds.addingReportingOverflow(overflow ? (duration < .zero ? .min : .max) : product + rest)
        return MonotonicTime(microseconds: late ? (duration < .zero ? .min : .max) : sum)
    }
}
