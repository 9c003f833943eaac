/// A point of wall-clock time in whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Tokens carry whole seconds (RFC 7519 NumericDate); births and epochs are compared in milliseconds.
public struct UnixTime: Hashable, Comparable, Sendable {
    /// Milliseconds since the epoch; never negative for times that Mintmark writes.
    public let milliseconds: Int64

    /// A time from milliseconds since the epoch.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// A time from whole seconds since the epoch, saturating at the bounds of the millisecond count.
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since the epoch, rounded down: the NumericDate of this moment.
    public var seconds: Int64 { milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0) }

    /// The end of time: later than every other.
    public static let distantFuture = UnixTime(milliseconds: .max)
    /// The start of time: what "never seen" compares as.
    public static let epoch = UnixTime(milliseconds: 0)

    /// Earlier is less.
    public static func < (a: UnixTime, b: UnixTime) -> Bool { a.milliseconds < b.milliseconds }

    /// The time that much later, saturating.
    public static func + (time: UnixTime, duration: Duration) -> UnixTime {
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        return UnixTime(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time that much earlier, saturating.
    public static func - (time: UnixTime, duration: Duration) -> UnixTime {
        time + (.zero - duration)
    }

    /// How long from `earlier` to `later`; negative when they stand the other way round. Saturating.
    public static func - (later: UnixTime, earlier: UnixTime) -> Duration {
        let (difference, overflow) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (later < earlier ? .min : .max) : difference)
    }
}

extension UnixTime: CustomStringConvertible {
    /// Seconds with three decimals, for logs.
    public var description: String {
        let count = milliseconds.magnitude
        let rest = String(count % 1000)
        return (milliseconds < 0 ? "-" : "") + "\(count / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

extension Duration {
    /// This duration in milliseconds, rounded towards zero and saturating.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, late) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return late ? (seconds < 0 ? .min : .max) : sum
    }
}
