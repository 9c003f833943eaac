import Logging
import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

@Suite struct LeaseMachineTests {
    private let start = UnixTime(seconds: 1_800_000_000)
    private let us = [UInt8](repeating: 1, count: 16)
    private let them = [UInt8](repeating: 2, count: 16)

    private func theirs(until end: Duration, version: UInt64 = 7) -> Versioned<LeaseRecord> {
        Versioned(LeaseRecord(.keys, holder: them, until: start + end), version: Version(version))
    }

    /// A lease taken at the start.
    private func held() throws -> LeaseMachine {
        var machine = LeaseMachine(.keys, holder: us)
        let claim = machine.read(nil, now: start)
        machine.claimed(try #require(claim))
        return machine
    }

    @Test func aLeaseThatNobodyHasIsTaken() throws {
        var machine = LeaseMachine(.keys, holder: us)
        #expect(machine.fence(at: start) == nil)
        let read = machine.read(nil, now: start)
        let claim = try #require(read)
        #expect(claim == .init(record: LeaseRecord(.keys, holder: us, until: start + .seconds(5)), over: .absent))
        #expect(machine.fence(at: start) == nil, "asked for, not committed")
        machine.claimed(claim)
        #expect(machine.fence(at: start) == Version(1))
    }

    @Test func somebodyElsesLeaseIsTakenAtItsEndAndNotBefore() throws {
        var machine = LeaseMachine(.keys, holder: us)
        #expect(machine.read(theirs(until: .seconds(5)), now: start + .milliseconds(4999)) == nil)
        #expect(machine.read(theirs(until: .seconds(5)), now: start + .seconds(5))?.over == Version(7))
    }

    /// Two clocks may differ by the margin, and never do two instances rely on one lease.
    @Test func aHolderStopsBeforeAnybodyElseMayBegin() throws {
        let machine = try held()
        #expect(machine.fence(at: start + .milliseconds(3999)) == Version(1))
        #expect(machine.fence(at: start + .seconds(4)) == nil)
        #expect(LeaseMachine.margin > .zero && LeaseMachine.margin * 2 < LeaseMachine.length)
    }

    @Test func aRenewalRaisesTheFencingNumber() throws {
        var machine = try held()
        let ours = Versioned(LeaseRecord(.keys, holder: us, until: start + .seconds(5)), version: Version(1))
        let renewal = machine.read(ours, now: start + .seconds(1))
        let claim = try #require(renewal)
        #expect(machine.fence(at: start + .seconds(1)) == Version(1), "until it is renewed")
        machine.claimed(claim)
        #expect(machine.fence(at: start + .seconds(1)) == Version(2))
        #expect(machine.fence(at: start + .milliseconds(4999)) == Version(2))
    }

    /// The answer to a renewal was lost: what the store has is ours nevertheless.
    @Test func ourOwnLeaseIsRecognised() throws {
        var machine = LeaseMachine(.keys, holder: us)
        let ours = Versioned(LeaseRecord(.keys, holder: us, until: start + .seconds(5)), version: Version(9))
        #expect(machine.read(ours, now: start)?.over == Version(9))
        #expect(machine.fence(at: start) == Version(9))
    }

    @Test func whatWasLostIsNotHeld() throws {
        var machine = try held()
        machine.lost()
        #expect(machine.fence(at: start) == nil)
        machine = try held()
        #expect(machine.read(theirs(until: .seconds(9)), now: start) == nil)
        #expect(machine.fence(at: start) == nil)
        #expect(machine.giveUp(now: start) == nil)
    }

    @Test func whatIsGivenUpIsFreeAtOnce() throws {
        var machine = try held()
        let end = machine.giveUp(now: start + .seconds(1))
        let claim = try #require(end)
        #expect(claim.over == Version(1))
        #expect(machine.fence(at: start + .seconds(1)) == nil)
        var other = LeaseMachine(.keys, holder: them)
        #expect(other.read(Versioned(claim.record, version: Version(2)), now: start + .seconds(1))?.over == Version(2))
    }
}

@Suite struct LeadershipTests {
    private let store = SharedDouble()
    private let clock = ManualClock()

    private func leadership(_ clock: ManualClock? = nil) -> Leadership {
        Leadership(of: store, clock: clock ?? self.clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func ofManyInstancesOneLeads() async throws {
        let all = (0..<16).map { _ in leadership() }
        for _ in 0..<20 {
            _ = try await concurrently(16) { try await all[$0].renew() }
            for work in LeaseRecord.Work.allCases { #expect(all.filter { $0.leads(work) }.count == 1) }
            clock.advance(by: .seconds(1))
        }
    }

    /// Instances stop, fail and come back in any order, by clocks that differ by less than the margin: never do two lead, and not for long nobody.
    @Test(arguments: Array(0..<10 as Range<UInt64>)) func neverTwoLead(_ seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let start = UnixTime(seconds: 1_800_000_000)
        let instances = (0..<4).map { number in
            let clock = ManualClock(start + .milliseconds(Int64(number) * 300))
            return (clock: clock, leadership: leadership(clock))
        }
        var vacant = 0
        for _ in 0..<400 {
            for instance in instances { instance.clock.advance(by: .milliseconds(500)) }
            for instance in instances where Int.random(in: 0..<4, using: &random) == 0 {
                switch Int.random(in: 0..<20, using: &random) {
                case 0: await instance.leadership.giveUp()
                case 1: store.with { $0.commitFailure = (.outcomeUnknown("lost"), isMade: true) }
                case 2: store.with { $0.commitFailure = (.outcomeUnknown("lost"), isMade: false) }
                default: break
                }
                try? await instance.leadership.renew()
                store.with { $0.commitFailure = nil }
            }
            let leaders = instances.filter { $0.leadership.leads(.keys) }.count
            #expect(leaders <= 1)
            vacant = leaders == 0 ? vacant + 1 : 0
            #expect(vacant < 60, "nobody leads for half a minute")
        }
    }

    @Test func anotherInstanceTakesOverAtTheEndAndAtOnceWhenItIsGivenUp() async throws {
        let (one, two) = (leadership(), leadership())
        try await one.start()
        try await two.start()
        #expect(one.leads(.keys) && !two.leads(.keys))
        clock.advance(by: .seconds(4))
        #expect(!one.leads(.keys))
        try await two.renew()
        #expect(!two.leads(.keys))
        clock.advance(by: .seconds(1))
        try await two.renew()
        #expect(two.leads(.keys))
        let fence = try #require(two.fence(.keys))
        await two.giveUp()
        #expect(!two.leads(.keys))
        try await one.renew()
        #expect(try #require(one.fence(.keys)) > fence, "the number only rises")
    }

    @Test func withoutTheStoreALeaseEndsByItself() async throws {
        let one = leadership()
        try await one.start()
        store.cut()
        await #expect(throws: StoreError.self) { try await one.renew() }
        #expect(one.leads(.housekeeping), "what is left of it")
        clock.advance(by: .seconds(4))
        #expect(!one.leads(.housekeeping))
        await one.giveUp()
    }

    /// Canon 62: by a clock that went back nothing is taken.
    @Test func aClockThatWentBackTakesNothing() async throws {
        clock.stepBack()
        let one = leadership()
        try await one.start()
        #expect(!one.leads(.keys))
        #expect(store.with { $0.commits } == 0)
    }

    @Test(.timeLimit(.minutes(10))) func theServiceGivesUpAtItsEnd() async throws {
        let (one, two) = (leadership(), leadership())
        let service = Task { try await one.run() }
        while !one.leads(.keys) { await Task.yield() }
        service.cancel()
        try await service.value
        try await two.start()
        #expect(two.leads(.keys) && two.leads(.housekeeping))
    }
}
