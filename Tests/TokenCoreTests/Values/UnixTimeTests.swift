import Testing
import TokenCore

@Suite struct UnixTimeTests {
    @Test func secondsAreRoundedDownAlsoBeforeTheEpoch() {
        let cases: [(Int64, Int64)] = [
            (0, 0), (999, 0), (1000, 1), (1999, 1), (-1, -1), (-999, -1), (-1000, -1), (-1001, -2), (.max, 9_223_372_036_854_775),
            (.min, -9_223_372_036_854_776),
        ]
        for (milliseconds, seconds) in cases { #expect(UnixTime(milliseconds: milliseconds).seconds == seconds, "\(milliseconds)") }
    }

    @Test func secondsBeyondTheMillisecondCountSaturate() {
        #expect(UnixTime(seconds: 9_223_372_036_854_775).milliseconds == 9_223_372_036_854_775_000)
        #expect(UnixTime(seconds: 9_223_372_036_854_776) == .distantFuture)
        #expect(UnixTime(seconds: .max) == .distantFuture)
        #expect(UnixTime(seconds: .min).milliseconds == .min)
    }

    @Test func sumsAndDifferencesSaturate() {
        let start = UnixTime(milliseconds: .min)
        #expect(UnixTime.distantFuture + .milliseconds(1) == .distantFuture)
        #expect(UnixTime.epoch + .seconds(Int64.max) == .distantFuture)
        #expect(start - .milliseconds(1) == start)
        #expect(UnixTime.epoch - .seconds(Int64.max) == start)
        #expect(UnixTime.distantFuture - start == .milliseconds(Int64.max))
        #expect(start - UnixTime.distantFuture == .milliseconds(Int64.min))
    }

    @Test func addingAndTakingAwayAreInverse() {
        let time = UnixTime(milliseconds: 1_700_000_000_123)
        for duration in [Duration.zero, .milliseconds(1), .seconds(900), .seconds(720 * 3600), .milliseconds(-7)] {
            #expect(time + duration - duration == time)
            #expect((time + duration) - time == duration)
        }
    }

    @Test func durationsAreCutToMillisecondsTowardsZero() {
        #expect(Duration.microseconds(1999).wholeMilliseconds == 1)
        #expect(Duration.microseconds(-1999).wholeMilliseconds == -1)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
        #expect(Duration.milliseconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.milliseconds(Int64.min).wholeMilliseconds == .min)
    }

    @Test func printsSecondsWithThreeDecimals() {
        let cases: [(Int64, String)] = [
            (0, "0.000"), (7, "0.007"), (1_700_000_000_123, "1700000000.123"), (-5, "-0.005"), (-1500, "-1.500"),
            (.min, "-9223372036854775.808"),
        ]
        for (milliseconds, text) in cases { #expect(UnixTime(milliseconds: milliseconds).description == text) }
    }

    @Test func ordersByMoment() {
        #expect(UnixTime(milliseconds: 1) < UnixTime(milliseconds: 2))
        #expect(!(UnixTime(milliseconds: 2) < UnixTime(milliseconds: 2)))
        #expect(UnixTime(milliseconds: -1) < .epoch)
    }
}
