/// Counts of durations in buckets whose width grows with the value, as HdrHistogram does it: recording is two shifts and
/// an addition, memory is fixed, and a quantile is at most one part in 128 (0.8 %) above the true value.
struct Histogram: Sendable, Equatable {
    /// Every octave (a power of two) is cut into this many buckets of equal width; a power of two.
    private static let bucketsPerOctave: UInt64 = 128
    /// log2 of `bucketsPerOctave`.
    private static let precision = 7
    /// Longest duration that can be told from a longer one: 2^40 ns, about 18 minutes, more than any run lasts.
    static let longest: UInt64 = (1 << 40) - 1

    private var counts: [UInt64]
    /// Number of durations recorded.
    private(set) var count: UInt64 = 0
    /// The longest duration recorded, in nanoseconds, exactly; 0 when there is none.
    private(set) var max: UInt64 = 0

    init() {
        self.counts = Array(repeating: 0, count: Self.bucket(of: Self.longest) + 1)
    }

    /// Adds one duration.
    ///
    /// - Parameter nanoseconds: what was measured; above ``longest`` it counts as the longest.
    mutating func record(_ nanoseconds: UInt64) {
        self.counts[Self.bucket(of: Swift.min(nanoseconds, Self.longest))] += 1
        self.count += 1
        if nanoseconds > self.max { self.max = nanoseconds }
    }

    /// Adds everything that `other` has recorded.
    mutating func merge(_ other: Histogram) {
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
        self.count += other.count
        self.max = Swift.max(self.max, other.max)
    }

    /// The duration that the given part of all recorded ones does not exceed, in nanoseconds; 0 when nothing is recorded.
    ///
    /// - Parameter part: 0.5 for the median, 0.99 for p99; outside 0...1 it is clamped.
    func quantile(_ part: Double) -> UInt64 {
        let wanted = Swift.max(1, (Double(self.count) * Swift.min(Swift.max(part, 0), 1)).rounded(.up))
        var seen: UInt64 = 0
        for (bucket, inBucket) in self.counts.enumerated() {
            seen += inBucket
            if Double(seen) >= wanted { return Swift.min(Self.highest(in: bucket), self.max) }
        }
        return self.max
    }

    /// Values below two octaves' worth of buckets have a bucket each; above, the leading bit names the octave and the
    /// next `precision` bits the bucket in it.
    static func bucket(of value: UInt64) -> Int {
        guard value >= self.bucketsPerOctave else { return Int(value) }
        let octave = 63 - value.leadingZeroBitCount - self.precision
        let inOctave = (value >> UInt64(octave)) - self.bucketsPerOctave
        return (octave + 1) * Int(self.bucketsPerOctave) + Int(inOctave)
    }

    /// The largest value that falls into `bucket`.
    static func highest(in bucket: Int) -> UInt64 {
        let (row, inOctave) = bucket.quotientAndRemainder(dividingBy: Int(self.bucketsPerOctave))
        guard row > 0 else { return UInt64(bucket) }
        let lowest = (self.bucketsPerOctave + UInt64(inOctave)) << UInt64(row - 1)
        return lowest + (1 << UInt64(row - 1)) - 1
    }
}
