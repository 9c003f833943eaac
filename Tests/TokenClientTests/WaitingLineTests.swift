import TestSupport
import Testing
import TokenCore

@testable import TokenClient

/// The order of those who wait.
struct WaitingLineTests {
    @Test func everybodyIsTakenOutInTheOrderOfComing() {
        var line = WaitingLine<Int>()
        for number in 0..<100 { line.append(number, for: UpstreamWaiter(UInt64(100 - number))) }
        #expect(line.remove((1...100).map { UpstreamWaiter($0) }) == Array(0..<100))
        #expect(line.length == 0)
    }

    /// Beside a list that does the same the slow way.
    @Test func whoeverComesAndGoesLeavesTheOthersInOrder() {
        var chance = SplitMix(seed: 3)
        var line = WaitingLine<UInt64>()
        var plain: [UInt64] = []
        var drawn: UInt64 = 0
        for _ in 0..<20_000 {
            switch Int.random(in: 0..<100, using: &chance) {
            case 0:
                #expect(line.remove(plain.shuffled(using: &chance).map { UpstreamWaiter($0) }) == plain)
                plain = []
            case 1..<50:
                drawn += 1
                line.append(drawn, for: UpstreamWaiter(drawn))
                plain.append(drawn)
            case 50..<55:
                let some = Array(plain.shuffled(using: &chance).prefix(3))
                if some.count < plain.count { #expect(line.remove(some.map { UpstreamWaiter($0) }) == some) } else { continue }
                plain.removeAll { some.contains($0) }
            default:
                let number = UInt64.random(in: 0...drawn, using: &chance)
                #expect(line.remove(UpstreamWaiter(number)) == (plain.contains(number) ? number : nil))
                plain.removeAll { $0 == number }
            }
            #expect(line.length <= 2 * plain.count + WaitingLine<UInt64>.mostGaps)
        }
    }
}
