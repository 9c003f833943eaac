import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

@Suite struct FollowMachineTests {
    private let home = Partition.control

    private func at(_ second: Int64) -> MonotonicTime { MonotonicTime(microseconds: second * 1_000_000) }

    private func page(_ numbers: some Sequence<UInt64>) -> [NumberedRevocation] {
        numbers.map {
            NumberedRevocation(number: $0, entry: RevocationEntry(.everything(upTo: UnixTime(seconds: Int64($0))), expiresAt: .distantFuture))
        }
    }

    private func head(_ number: UInt64, _ history: String = "first") -> [Partition: RevocationHead] {
        [home: RevocationHead(number: number, history: history)]
    }

    /// A machine that follows from number 10, as of second 1.
    private func following() throws -> FollowMachine {
        var machine = FollowMachine()
        _ = machine.beginLook(at: at(1))
        let order = try #require(machine.looked(head(10)).first)
        #expect(order.after == 0)
        #expect(machine.enforced(page(3...10), of: order).isEmpty)
        #expect(machine.freshness == at(1))
        return machine
    }

    @Test func theFirstLookReadsEveryLogFromItsBeginning() throws {
        var machine = FollowMachine()
        #expect(machine.rang(home).isEmpty, "nothing is known of it yet")
        #expect(machine.beginLook(at: at(1)) == true)
        let order = try #require(machine.looked(head(1500)).first)
        let next = try #require(machine.enforced(page(1...1000), of: order).first)
        #expect(next.after == 1000)
        #expect(machine.freshness == nil, "the half of it is not enough")
        #expect(machine.enforced(page(1001...1500), of: next).isEmpty)
        #expect(machine.freshness == at(1))
    }

    @Test func aLogWithoutEntriesIsFollowedFromItsHead() throws {
        for number in [0, 10] as [UInt64] {
            var machine = FollowMachine()
            _ = machine.beginLook(at: at(1))
            let order = try #require(machine.looked(head(number)).first)
            #expect(machine.enforced([], of: order).isEmpty)
            #expect(machine.freshness == at(1))
            #expect(machine.rang(home).map(\.after) == [number])
        }
    }

    @Test func bellsDuringAReadingAreOneMoreReading() throws {
        var machine = try following()
        let order = try #require(machine.rang(home).first)
        #expect(order.after == 10)
        for _ in 0..<100 { #expect(machine.rang(home).isEmpty) }
        let again = machine.enforced(page([11]), of: order)
        #expect(again.map(\.after) == [11])
        #expect(machine.enforced([], of: try #require(again.first)).isEmpty)
    }

    @Test func aLookReadsOnlyWhatIsBehind() throws {
        var machine = try following()
        #expect(machine.beginLook(at: at(2)) == true)
        #expect(machine.looked(head(10)).isEmpty)
        #expect(machine.freshness == at(2), "there was nothing to read")
        #expect(machine.beginLook(at: at(3)) == true)
        let order = try #require(machine.looked(head(12)).first)
        #expect(order.after == 10)
        #expect(machine.beginLook(at: at(4)) == false, "one look at a time")
        #expect(machine.freshness == at(2))
        _ = machine.enforced(page(11...12), of: order)
        #expect(machine.freshness == at(3), "when it began, not when it ended")
    }

    @Test func aGapIsEnforcedAndTheLogReadAgain() throws {
        var machine = try following()
        let order = try #require(machine.rang(home).first)
        let again = machine.enforced(page([13]), of: order)
        #expect(again.map(\.after) == [0])
        #expect(machine.reloads == 1)
        #expect(machine.enforced(page(11...13), of: try #require(again.first)).isEmpty)
        #expect(machine.rang(home).map(\.after) == [13])
    }

    @Test(arguments: [(10, "second"), (12, "second"), (9, "first"), (0, "second")] as [(UInt64, String)])
    func anotherPastOrALowerHeadIsReadAgain(_ number: UInt64, _ history: String) throws {
        var machine = try following()
        _ = machine.beginLook(at: at(2))
        let order = try #require(machine.looked(head(number, history)).first)
        #expect(order.after == 0)
        #expect(machine.freshness == at(1))
        _ = machine.enforced(page(number == 0 ? [] : [number]), of: order)
        #expect(machine.freshness == at(2))
        #expect(machine.reloads == 1)
        #expect(machine.beginLook(at: at(3)) == true)
        #expect(machine.looked(head(number, history)).isEmpty, "once is enough")
    }

    /// A bell has brought the cursor further than the heads that are on their way: that is no lower head.
    @Test func aBellDuringALookIsNoGoingBack() throws {
        var machine = try following()
        _ = machine.beginLook(at: at(2))
        let order = try #require(machine.rang(home).first)
        _ = machine.enforced(page(11...15), of: order)
        #expect(machine.looked(head(12)).isEmpty)
        #expect(machine.reloads == 0)
        #expect(machine.freshness == at(2))
    }

    /// What was under way when the log turned out to be another one does not count.
    @Test func theAnswerFromBeforeAReloadMovesNothing() throws {
        var machine = try following()
        let old = try #require(machine.rang(home).first)
        _ = machine.beginLook(at: at(2))
        #expect(machine.looked(head(20, "second")).isEmpty, "never two readings of one partition")
        let again = machine.enforced(page(11...12), of: old)
        #expect(again.map(\.after) == [0])
        #expect(machine.freshness == at(1))
        _ = machine.enforced(page(1...20), of: try #require(again.first))
        #expect(machine.freshness == at(2))
    }

    @Test func anEmptyLogBehindAHigherHeadIsReadAgain() throws {
        var machine = try following()
        _ = machine.beginLook(at: at(2))
        let order = try #require(machine.looked(head(20)).first)
        let again = machine.enforced([], of: order)
        #expect(again.map(\.after) == [0])
        _ = machine.enforced([], of: try #require(again.first))
        #expect(machine.freshness == at(2), "all of it was over")
        #expect(machine.rang(home).map(\.after) == [20])
    }

    @Test func aLogThatIsShorterThanItsHeadIsNotCaughtUp() throws {
        var machine = try following()
        _ = machine.beginLook(at: at(2))
        let order = try #require(machine.looked(head(20, "second")).first)
        #expect(machine.enforced(page(1...15), of: order).isEmpty)
        #expect(machine.freshness == at(1))
        #expect(machine.beginLook(at: at(3)) == true, "and the next look begins")
        let again = try #require(machine.looked(head(15, "third")).first)
        _ = machine.enforced(page(1...15), of: again)
        #expect(machine.freshness == at(3))
    }

    @Test func whatFailsIsTriedAgainWithTheNextLook() throws {
        var machine = try following()
        _ = machine.beginLook(at: at(2))
        machine.lookFailed()
        #expect(machine.beginLook(at: at(3)) == true)
        let order = try #require(machine.looked(head(11)).first)
        #expect(machine.failed(order).isEmpty)
        #expect(machine.beginLook(at: at(4)) == true)
        let again = try #require(machine.looked(head(11)).first)
        _ = machine.enforced(page([11]), of: again)
        #expect(machine.freshness == at(4))
    }

    /// While one partition cannot be read, a long log is loaded all the same, once, and not from its beginning with every look.
    @Test func aLoadGoesOnWhileAnotherPartitionFails() throws {
        let broken = try #require(Partition(number: 0))
        let heads = [home: RevocationHead(number: 3500, history: "first"), broken: RevocationHead(number: 1, history: "first")]
        var machine = FollowMachine()
        var loading: FollowMachine.Order?
        for second in 1...4 as ClosedRange<Int64> {
            #expect(machine.beginLook(at: at(second)) == true)
            let orders = machine.looked(heads)
            loading = orders.first { $0.partition == home } ?? loading
            let order = try #require(loading)
            #expect(order.after == UInt64(second - 1) * 1000)
            _ = machine.failed(try #require(orders.first { $0.partition == broken }))
            loading = machine.enforced(page(order.after + 1...min(order.after + 1000, 3500)), of: order).first { $0.partition == home }
        }
        #expect(machine.reloads == 0)
        #expect(machine.freshness == nil, "the other one is unknown")
        #expect(machine.rang(home).allSatisfy { $0.after == 3500 })
    }

    @Test func whatIsMissingInTheMiddleOfALoadHasItBeginAnew() throws {
        var machine = FollowMachine()
        _ = machine.beginLook(at: at(1))
        let first = try #require(machine.looked(head(2000)).first)
        let second = try #require(machine.enforced(page(1...1000), of: first).first)
        #expect(machine.enforced(page(1500...2000), of: second).isEmpty)
        #expect(machine.freshness == nil)
        _ = machine.beginLook(at: at(2))
        #expect(machine.looked(head(2000)).map(\.after) == [0])
    }

    @Test func aLogThatIsNoLongerShownLeavesTheLookOpenEnded() throws {
        var machine = try following()
        _ = machine.beginLook(at: at(2))
        #expect(machine.looked([:]).isEmpty)
        #expect(machine.freshness == at(1))
        #expect(machine.beginLook(at: at(3)) == true)
    }

    @Test func catchingUpIsBounded() throws {
        var machine = FollowMachine()
        let all = (0..<100).compactMap { Partition(number: UInt16($0)) }
        _ = machine.beginLook(at: at(1))
        var orders = machine.looked(Dictionary(uniqueKeysWithValues: all.map { ($0, RevocationHead(number: 1, history: "first")) }))
        var read: Set<Partition> = []
        while let order = orders.popLast() {
            #expect(orders.count < FollowMachine.mostReads)
            #expect(read.insert(order.partition).inserted)
            orders += machine.enforced(page([1]), of: order)
        }
        #expect(read.count == 100)
        #expect(machine.freshness == at(1))
    }
}
