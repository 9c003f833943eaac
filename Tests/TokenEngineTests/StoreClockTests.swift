import Logging
import Synchronization
import Testing
import TokenCore

@testable import TokenEngine

/// One clock for all instances: no machine's wall clock changes an outcome, and time never goes back (canon 62).
@Suite struct StoreClockTests {
    /// A monotonic clock that stands until it is told; each machine has its own beginning.
    private final class Machine: Sendable {
        private let time: Atomic<Int64>

        init(_ start: Int64) { time = Atomic(start) }

        func advance(by duration: Duration) { time.add(duration.wholeMilliseconds * 1000, ordering: .relaxed) }
        var now: MonotonicTime { MonotonicTime(microseconds: time.load(ordering: .relaxed)) }
    }

    private let store = SharedDouble()
    private let machine = Machine(77_000_000)

    private func clock(on machine: Machine? = nil) -> StoreClock {
        let machine = machine ?? self.machine
        return StoreClock(
            of: store, leeway: .seconds(5), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, monotonic: { machine.now })
    }

    private func pass(_ duration: Duration) {
        store.advance(by: duration)
        machine.advance(by: duration)
    }

    @Test func beforeAnyMeasurementItIsBehindAndSaysNothing() {
        let clock = clock()
        #expect(clock.isBehind)
        #expect(clock.now() == .epoch)
        #expect(clock.age == nil && clock.offsetToSystem == nil)
    }

    @Test func theStartMeasuresOrSaysWhyNot() async throws {
        store.cut()
        let clock = clock()
        await #expect(throws: StoreError.unavailable("cut off")) { try await clock.start() }
        #expect(clock.isBehind)
        store.cut(nil)
        try await clock.start()
        #expect(!clock.isBehind)
        #expect(clock.now() == store.with { $0.time })
    }

    @Test func itGoesOnWithoutTheStore() async throws {
        let clock = clock()
        try await clock.start()
        store.cut()
        pass(.seconds(3600))
        await #expect(throws: StoreError.self) { try await clock.measure() }
        #expect(clock.now() == store.with { $0.time })
        #expect(clock.age == .seconds(3600))
        #expect(!clock.isBehind)
    }

    @Test func instancesAgreeWhateverTheirMachinesSay() async throws {
        let machines = [Machine(0), Machine(1_000_000), Machine(900_000_000_000)]
        let clocks = machines.map { clock(on: $0) }
        for clock in clocks { try await clock.start() }
        for _ in 0..<100 {
            store.advance(by: .seconds(1))
            for machine in machines { machine.advance(by: .seconds(1)) }
            for clock in clocks { try await clock.measure() }
            #expect(Set(clocks.map { $0.now() }).count == 1)
        }
    }

    @Test func aJumpForwardIsFollowedAtOnce() async throws {
        let clock = clock()
        try await clock.start()
        store.advance(by: .seconds(40))
        try await clock.measure()
        #expect(clock.now() == store.with { $0.time })
    }

    @Test func whileTheStoreIsBehindTheTimeStands() async throws {
        let clock = clock()
        try await clock.start()
        let before = clock.now()
        store.advance(by: .seconds(-3))
        try await clock.measure()
        #expect(clock.now() == before)
        #expect(!clock.isBehind, "within the leeway")
        pass(.seconds(2))
        #expect(clock.now() == before)
        pass(.seconds(2))
        #expect(clock.now() == store.with { $0.time })
        store.advance(by: .seconds(-6))
        try await clock.measure()
        #expect(clock.isBehind)
        pass(.seconds(1))
        #expect(!clock.isBehind)
    }

    @Test func nobodySeesItGoBack() async throws {
        let clock = clock()
        try await clock.start()
        let steps = try await concurrently(8) { task in
            var last = UnixTime.epoch
            for step in 0..<2000 as Range<Int64> {
                if task == 0 {
                    store.advance(by: .milliseconds(step % 3 == 0 ? -7 : 4))
                    machine.advance(by: .milliseconds(1))
                    try await clock.measure()
                }
                let now = clock.now()
                if now < last { return false }
                last = now
            }
            return true
        }
        #expect(steps.allSatisfy { $0 })
    }

    /// The process's real clocks: what is measured is near the store's time, which is the system's here.
    @Test func itMeasuresWithTheMachinesOwnClock() async throws {
        let system = SystemClock()
        store.with { $0.time = system.now() }
        let clock = StoreClock(of: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await clock.start()
        let offset = try #require(clock.offsetToSystem)
        #expect(abs(offset) < 10)
        #expect(try #require(clock.age) < .seconds(10))
        #expect(MonotonicTime.read() <= MonotonicTime.read())
    }
}
