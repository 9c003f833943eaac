import TokenCore

/// How far the store's time is ahead of this machine's monotonic clock, as far as exchanges with the store have proved it.
///
/// One exchange proves a range: the store read its clock somewhere between the moment we asked and the moment we had the answer. The middle of the
/// range is the best guess and half its width the most that it is wrong by. A range widens with time, because two clocks run apart; what the next
/// exchange proves narrows it again. So a short round trip tells much, a slow one adds nothing to what is known already, and drift is followed.
/// Only when a range and the next have nothing in common was a clock set: then the newer one counts alone, in both directions and at once.
struct ClockOffset: Sendable {
    /// One exchange with the store.
    struct Sample: Sendable {
        /// Just before it was asked.
        var sent: MonotonicTime
        /// Just after it had answered.
        var received: MonotonicTime
        /// What it said: a time that was cut to whole milliseconds.
        var storeTime: UnixTime
    }

    /// All in microseconds to add to the monotonic clock.
    private struct Range {
        var low: Int64
        var high: Int64

        var middle: Int64 { low + (high - low) / 2 }

        func widened(by slack: Int64) -> Range { Range(low: low - slack, high: high + slack) }
        func intersection(_ other: Range) -> Range? {
            let both = Range(low: max(low, other.low), high: min(high, other.high))
            return both.low <= both.high ? both : nil
        }
    }

    /// How fast two clocks may run apart: each is corrected by at most 500 millionths.
    private static let microsecondsApartPerSecond: Int64 = 1000
    /// Times beyond it, in milliseconds, are none: the year 10889.
    private static let latestTime: Int64 = 1 << 48

    private var range: Range?
    /// When the last exchange ended; nil before the first.
    private(set) var measuredAt: MonotonicTime?

    /// What to add to the monotonic clock for the store's time, in microseconds; nil before the first exchange.
    var microseconds: Int64? { range?.middle }

    /// Takes what an exchange proved. One that proves nothing is ignored: it ended before it began, or its time cannot be.
    mutating func measured(_ sample: Sample) {
        guard let proved = Self.range(sample) else { return }
        if let range, let measuredAt {
            let elapsed = max(0, sample.received.microseconds - measuredAt.microseconds)
            let aged = range.widened(by: elapsed * Self.microsecondsApartPerSecond / 1_000_000 + 1)
            self.range = aged.intersection(proved) ?? proved
        } else {
            range = proved
        }
        measuredAt = sample.received
    }

    private static func range(_ sample: Sample) -> Range? {
        let time = sample.storeTime.milliseconds
        guard sample.received >= sample.sent, (0...latestTime).contains(time) else { return nil }
        return Range(low: time * 1000 - sample.received.microseconds, high: (time + 1) * 1000 - sample.sent.microseconds)
    }
}
