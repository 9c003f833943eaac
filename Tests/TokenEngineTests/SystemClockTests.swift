import Testing
import TokenCore
import TokenEngine

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// canon 62: time never goes back within a process nor over a restart; that nothing is issued meanwhile is in `SessionTests`.
@Suite struct SystemClockTests {
    private let hour = Duration.seconds(3600)

    /// What the system says, to the millisecond.
    private func systemTime() -> UnixTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    @Test func itSaysWhatTheSystemSays() {
        let clock = SystemClock()
        let before = systemTime()
        let now = clock.now()
        #expect(before <= now && now <= systemTime())
        #expect(!clock.isBehind)
    }

    /// The store was written an hour ahead of what the system says now: the clock stands there until the system has caught up.
    @Test func itDoesNotBeginBeforeWhatTheStoreHasSeen() {
        let floor = systemTime() + hour
        let clock = SystemClock(floor: floor)
        #expect(clock.now() == floor)
        #expect(clock.now() == floor)
        #expect(SystemClock(floor: systemTime() - hour).now() > floor - hour - .seconds(60))
    }

    @Test func itIsBehindBeyondTheLeewayAndNotWithinIt() {
        let floor = systemTime() + hour
        #expect(SystemClock(floor: floor, leeway: .seconds(3500)).isBehind)
        #expect(!SystemClock(floor: floor, leeway: .seconds(3600)).isBehind)
        #expect(SystemClock(floor: floor).isBehind, "five seconds, unless said otherwise")
    }

    @Test func nobodySeesItGoBack() async throws {
        let clock = SystemClock()
        let steps = try await concurrently(8) { _ in
            var last = UnixTime.epoch
            for _ in 0..<2000 {
                let now = clock.now()
                if now < last { return false }
                last = now
            }
            return true
        }
        #expect(steps.allSatisfy { $0 })
    }
}
