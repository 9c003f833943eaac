import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

@Suite struct ClockOffsetTests {
    /// The store's time is this much ahead of the monotonic clock, in microseconds.
    private static let truth: Int64 = 1_800_000_000_000_000

    /// An exchange that began at a time of the monotonic clock, in microseconds, and in which the store was read after `out`.
    private func sample(at sent: Int64, out: Int64, back: Int64, truth: Int64 = truth) -> ClockOffset.Sample {
        ClockOffset.Sample(
            sent: MonotonicTime(microseconds: sent), received: MonotonicTime(microseconds: sent + out + back),
            storeTime: UnixTime(milliseconds: (sent + out + truth) / 1000))
    }

    private func error(_ offset: ClockOffset, truth: Int64 = truth) -> Int64 { abs((offset.microseconds ?? .min / 2) - truth) }

    @Test func nothingIsKnownBeforeTheFirstExchange() {
        #expect(ClockOffset().microseconds == nil)
        #expect(ClockOffset().measuredAt == nil)
    }

    @Test func theMiddleOfTheRoundTripIsTaken() {
        var offset = ClockOffset()
        offset.measured(sample(at: 5_000_000, out: 40_000, back: 40_000))
        #expect(error(offset) <= 1000)
        var oneWay = ClockOffset()
        oneWay.measured(sample(at: 5_000_000, out: 0, back: 80_000))
        #expect((39_000...41_000).contains(error(oneWay)), "wrong by half the round trip, and no more")
    }

    @Test func aShortRoundTripCorrectsALongOne() {
        var offset = ClockOffset()
        offset.measured(sample(at: 0, out: 0, back: 3_000_000))
        #expect(error(offset) > 1_000_000)
        offset.measured(sample(at: 3_000_000, out: 100, back: 100))
        #expect(error(offset) <= 1000)
    }

    @Test func oneSlowExchangeChangesNothing() {
        for (out, back) in [(0, 2_000_000), (2_000_000, 0)] as [(Int64, Int64)] {
            var offset = ClockOffset()
            offset.measured(sample(at: 0, out: 100, back: 100))
            let before = error(offset)
            offset.measured(sample(at: 1_000_000, out: out, back: back))
            #expect(error(offset) <= before + 3000, "a millisecond for each second that passed")
        }
    }

    /// Drift of 400 millionths, for an hour, over a line whose round trips are from 0.2 to 60 ms.
    @Test func driftIsFollowed() {
        var offset = ClockOffset()
        var random = SplitMix(seed: 7)
        for second in 0..<3600 as Range<Int64> {
            let truth = Self.truth + second * 400
            let slow = Int64.random(in: 100...30_000, using: &random)
            offset.measured(sample(at: second * 1_000_000, out: slow, back: Int64.random(in: 100...slow, using: &random), truth: truth))
            if second > 10 { #expect(error(offset, truth: truth) <= 16_000, "at \(second) s") }
        }
    }

    @Test(arguments: [-30_000_000, -20_000, 20_000, 30_000_000] as [Int64])
    func aClockThatWasSetIsFollowedAtOnce(by step: Int64) {
        var offset = ClockOffset()
        for second in 0..<10 as Range<Int64> { offset.measured(sample(at: second * 1_000_000, out: 200, back: 200)) }
        offset.measured(sample(at: 10_000_000, out: 200, back: 200, truth: Self.truth + step))
        #expect(error(offset, truth: Self.truth + step) <= 1000)
    }

    @Test func whatProvesNothingIsIgnored() {
        var offset = ClockOffset()
        offset.measured(.init(sent: MonotonicTime(microseconds: 2), received: MonotonicTime(microseconds: 1), storeTime: .epoch))
        for time in [UnixTime.distantFuture, UnixTime(milliseconds: -1), UnixTime(milliseconds: .min)] {
            offset.measured(.init(sent: MonotonicTime(microseconds: 1), received: MonotonicTime(microseconds: 2), storeTime: time))
        }
        #expect(offset.microseconds == nil)
    }

    /// Whatever the round trips: the guess is never further from the truth than half the shortest of them and what it may have drifted since.
    @Test func theGuessIsAsGoodAsTheBestExchange() {
        var random = SplitMix(seed: 1)
        for _ in 0..<500 {
            var offset = ClockOffset()
            var best = Int64.max
            for second in 0..<20 as Range<Int64> {
                let (out, back) = (Int64.random(in: 50...200_000, using: &random), Int64.random(in: 50...200_000, using: &random))
                offset.measured(sample(at: second * 1_000_000, out: out, back: back))
                best = min(best == .max ? .max : best + 1200, (out + back) / 2 + 500)
                #expect(error(offset) <= best + 1)
            }
        }
    }
}
