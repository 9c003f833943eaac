import TestSupport
import Testing
import TokenCore

@testable import TokenClient

/// When a thread stops answering from its own memory, at readings of the clocks as values.
struct CoarseEndTests {
    private static let second: Int64 = 1_000_000_000
    private static let start = CoarseClock(steady: 500 * second, wall: 1_700_000_000 * second)

    private static func isAhead(_ end: inout CoarseEnd, afterSteady steady: Int64, wall: Int64) -> Bool {
        end.isAhead(at: start.steady + steady) { start.wall + wall }
    }

    @Test func itEndsATickBeforeWhatIsLeft() throws {
        var end = try #require(CoarseEnd(.seconds(10), from: Self.start))
        #expect(Self.isAhead(&end, afterSteady: 9 * Self.second, wall: 9 * Self.second))
        let last = 10 * Self.second - CoarseClock.error
        #expect(Self.isAhead(&end, afterSteady: last - 1, wall: last - 1))
        #expect(!Self.isAhead(&end, afterSteady: last, wall: last - 1), "the steady clock is there")
        #expect(!Self.isAhead(&end, afterSteady: last - 2, wall: last), "the wall clock is there")
    }

    @Test func whatEndsWithinATickIsNotRemembered() {
        #expect(CoarseEnd(.milliseconds(10), from: Self.start) == nil)
        #expect(CoarseEnd(.zero, from: Self.start) == nil)
        #expect(CoarseEnd(.milliseconds(11), from: Self.start) != nil)
    }

    @Test func whatDoesNotEndIsAheadForEver() throws {
        var end = try #require(CoarseEnd(nil, from: Self.start))
        let century = 100 * 365 * 86_400 * Self.second
        #expect(Self.isAhead(&end, afterSteady: century, wall: century))
    }

    @Test(arguments: [-3600, -1, 1, 3600] as [Int64]) func aWallClockThatWasSetEndsIt(seconds: Int64) throws {
        var end = try #require(CoarseEnd(.seconds(7200), from: Self.start))
        #expect(Self.isAhead(&end, afterSteady: Self.second, wall: Self.second))
        #expect(!Self.isAhead(&end, afterSteady: 2 * Self.second, wall: (2 + seconds) * Self.second))
    }

    @Test func aMachineThatSleptEndsIt() throws {
        var end = try #require(CoarseEnd(.seconds(7200), from: Self.start))
        #expect(!Self.isAhead(&end, afterSteady: 1, wall: 60 * Self.second))
    }

    /// The steady clock alone misses the sleep, the wall clock alone what was set back: it is the way between them that shows it.
    @Test func aSleepAcrossTheEndIsSeenAlthoughTheWallClockWasSetBackBeforeIt() throws {
        var end = try #require(CoarseEnd(.seconds(60), from: Self.start))
        #expect(!Self.isAhead(&end, afterSteady: Self.second, wall: 10 * Self.second))
    }

    @Test func theWallClockIsReadOnceInATick() throws {
        var end = try #require(CoarseEnd(.seconds(60), from: Self.start))
        var reads = 0
        for tick in 1...3 {
            for _ in 0..<100 {
                let isAhead = end.isAhead(at: Self.start.steady + Int64(tick)) {
                    reads += 1
                    return Self.start.wall + Int64(tick)
                }
                #expect(isAhead)
            }
            #expect(reads == tick)
        }
    }

    /// Against clocks as the kernel keeps them, ticks, sleeps and settings included: never ahead when a precise clock has got there.
    @Test func itNeverOutlivesThePreciseClocks() {
        var chance = SplitMix(seed: 11)
        var (served, ended) = (0, 0)
        for _ in 0..<3000 {
            var clocks = KernelClocks(chance: &chance)
            let lifetime = Int64.random(in: 1...60, using: &chance) * Self.second
            let read = clocks.coarse
            // Stopped between the two readings.
            if Int.random(in: 0..<4, using: &chance) == 0 { clocks.pass(.random(in: 0...(2 * lifetime), using: &chance)) }
            let left = lifetime - (clocks.awake + clocks.slept - clocks.begun)
            guard var end = CoarseEnd(.nanoseconds(max(0, left)), from: read) else { continue }
            let (boot, wall) = (clocks.boot + left, clocks.wall + left)
            for _ in 0..<20 {
                clocks.step(within: lifetime, chance: &chance)
                let isAhead = end.isAhead(at: clocks.coarse.steady) { clocks.coarse.wall }
                let isOver = clocks.boot >= boot || clocks.wall >= wall
                #expect(!(isAhead && isOver))
                served += isAhead ? 1 : 0
                ended += isOver ? 1 : 0
            }
        }
        #expect(served > 1000 && ended > 1000)
    }
}

/// The clocks of a Linux kernel with 100 ticks a second. A wall clock that is set and a sleep bring the coarse ones forward.
private struct KernelClocks {
    private static let tick: Int64 = 10_000_000

    private(set) var awake: Int64
    private(set) var slept: Int64 = 0
    private(set) var wall: Int64
    private(set) var coarse: CoarseClock
    let begun: Int64

    var boot: Int64 { awake + slept }

    init(chance: inout SplitMix) {
        awake = .random(in: 0..<1_000_000_000_000, using: &chance)
        wall = .random(in: 1_600_000_000_000_000_000..<1_700_000_000_000_000_000, using: &chance)
        begun = awake
        coarse = CoarseClock(steady: awake, wall: wall)
        // Somewhere in a tick.
        pass(.random(in: 1..<Self.tick, using: &chance))
    }

    mutating func pass(_ time: Int64) {
        awake += time
        wall += time
        let ticks = (awake - coarse.steady) / Self.tick * Self.tick
        coarse = CoarseClock(steady: coarse.steady + ticks, wall: coarse.wall + ticks)
    }

    mutating func step(within lifetime: Int64, chance: inout SplitMix) {
        pass(1)
        switch Int.random(in: 0..<12, using: &chance) {
        case 0: set(.random(in: -lifetime...lifetime, using: &chance))
        case 1: sleep(.random(in: 1_000_000_000...(2 * lifetime), using: &chance))
        case 2: pass(.random(in: 0..<lifetime, using: &chance))
        case 3, 4, 5: pass(.random(in: 0..<(lifetime / 10), using: &chance))
        default: pass(.random(in: 0..<Self.tick, using: &chance))
        }
    }

    private mutating func set(_ time: Int64) {
        wall += time
        coarse = CoarseClock(steady: awake, wall: wall)
    }

    private mutating func sleep(_ time: Int64) {
        slept += time
        wall += time
        coarse = CoarseClock(steady: awake, wall: wall)
    }
}
