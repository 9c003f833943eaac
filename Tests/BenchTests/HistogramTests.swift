import Testing

@testable import mintmark_bench

@Suite struct HistogramTests {
    @Test func everyBucketEndsWhereTheNextBegins() {
        for bucket in 0..<(128 * 30) {
            let highest = Histogram.highest(in: bucket)
            #expect(Histogram.bucket(of: highest) == bucket)
            #expect(Histogram.bucket(of: highest + 1) == bucket + 1)
        }
    }

    @Test func quantilesAreAtMostOnePartIn128TooHigh() {
        var histogram = Histogram()
        for value in 1...100_000 { histogram.record(UInt64(value) * 1000) }
        for (part, exact) in [(0.5, 50_000_000.0), (0.99, 99_000_000.0), (0.999, 99_900_000.0)] {
            let found = Double(histogram.quantile(part))
            #expect(found >= exact && found <= exact * (1 + 1 / 128.0), "p\(part * 100) is \(found)")
        }
    }

    @Test func theLongestIsExactAndBoundsEveryQuantile() {
        var histogram = Histogram()
        histogram.record(3)
        histogram.record(1_000_003)
        #expect(histogram.max == 1_000_003)
        #expect(histogram.quantile(1) == 1_000_003)
        #expect(histogram.quantile(0) == 3)
    }

    @Test func valuesBeyondTheRangeCountAsTheLongest() {
        var histogram = Histogram()
        histogram.record(.max)
        #expect(histogram.count == 1)
        #expect(histogram.max == .max)
        #expect(histogram.quantile(0.5) == Histogram.longest)
    }

    @Test func mergingIsRecordingBoth() {
        var left = Histogram()
        var right = Histogram()
        var both = Histogram()
        for value in stride(from: UInt64(1), to: 1 << 30, by: 7_654_321) {
            left.record(value)
            right.record(value * 3)
            both.record(value)
            both.record(value * 3)
        }
        left.merge(right)
        #expect(left == both)
    }

    @Test func anEmptyOneAnswersZero() {
        #expect(Histogram().quantile(0.99) == 0)
        #expect(Histogram().max == 0)
    }
}
