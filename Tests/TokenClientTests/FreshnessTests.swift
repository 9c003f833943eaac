import Synchronization
import TestSupport
import Testing
import TokenCore

@testable import TokenClient

/// What threads answer from their own memory is as good as what the manager knows.
struct FreshnessTests {
    /// A call that begins after `invalidate` has returned never gets the old token, on whichever thread.
    @Test func noThreadServesATokenThatWasInvalidatedBefore() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in ScriptedSource.token(number) }
        let manager = TokenManager(name: "hammered", source: source, policy: .quick)
        let floor = Floor()
        let (calls, broken) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var (calls, broken) = (0, 0)
                    while !floor.isOver.load(ordering: .relaxed) {
                        let least = floor.least.load(ordering: .acquiring)
                        if try await manager.token().number < least { broken += 1 }
                        calls += 1
                        if calls % 64 == 0 { await Task.yield() }
                    }
                    return (calls, broken)
                }
            }
            for _ in 0..<300 {
                let token = try await manager.token()
                manager.invalidate(token)
                floor.least.store(token.number + 1, ordering: .releasing)
                if token.number % 20 == 0 { try await Task.sleep(for: .milliseconds(1)) }
            }
            floor.isOver.store(true, ordering: .relaxed)
            return try await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        }
        #expect(calls > 0)
        #expect(broken == 0)
        #expect(source.begun >= 300)
    }

    /// A call that begins after the issuer's end never gets the token, whatever the load.
    @Test func noTokenIsServedPastItsEnd() async throws {
        let ends = Ends()
        let source = ScriptedSource { number throws(TokenSourceError) in
            let end = ContinuousClock.now + .milliseconds(40)
            ends.all.withLock { $0[UInt64(number)] = end }
            if number % 3 == 0 { try? await Task.sleep(for: .milliseconds(15)) }
            return ScriptedSource.token(number, .lasting(.milliseconds(40)))
        }
        var policy = UpstreamPolicy.quick
        policy.refresh = .onDemand
        let manager = TokenManager(name: "short", source: source, policy: policy)
        let finish = ContinuousClock.now + .seconds(120)
        let (calls, broken) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var (calls, broken) = (0, 0)
                    while source.begun < 12, .now < finish {
                        let called = ContinuousClock.now
                        guard let token = try? await manager.token() else { continue }
                        if let end = ends.all.withLock({ $0[token.number] }), called >= end { broken += 1 }
                        calls += 1
                        if calls % 64 == 0 { await Task.yield() }
                    }
                    return (calls, broken)
                }
            }
            return try await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        }
        #expect(calls > 100 && source.begun >= 12)
        #expect(broken == 0)
        #expect(source.most == 1)
    }

    /// Where callers begin the refresh, threads that answer from memory come back when it has failed.
    @Test func aFailedRefreshIsTriedAgainByTheNextCallers() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number == 2 { throw TokenSourceError(.status(500)) }
            return ScriptedSource.token(number)
        }
        var policy = UpstreamPolicy.quick
        policy.refresh = .every(.milliseconds(50))
        policy.keepsFresh = false
        let manager = TokenManager(name: "again", source: source, policy: policy)
        var number: UInt64 = 0
        let end = ContinuousClock.now + .seconds(120)
        while number < 3, .now < end {
            number = try await manager.token().number
            await Task.yield()
        }
        #expect(number >= 3)
    }

    @Test func sleepersAreWokenInTimeAndThoseWhoAreGoneAreNot() async throws {
        let list = WakeList()
        let notes = Notes()
        let now = MonotonicTime.read()
        var chance = SplitMix(seed: 5)
        var sleepers = (0..<5000).map { _ in Alarm(notes) }
        for sleeper in sleepers { list.wake(sleeper, at: now + .milliseconds(Int.random(in: 250..<500, using: &chance))) }
        sleepers.removeLast(2500)
        #expect(await eventually { notes.inTime.withLock { $0.count } >= 2500 })
        // One at the very end comes after everybody who could have come.
        let last = Alarm(notes)
        list.wake(last, at: now + .milliseconds(510))
        #expect(await eventually { notes.inTime.withLock { $0.count } > 2500 })
        #expect(notes.inTime.withLock { $0.count == 2501 && $0.allSatisfy(\.self) })
        withExtendedLifetime((sleepers, last)) {}
    }
}

private final class Floor: Sendable {
    let least = Atomic<UInt64>(1)
    let isOver = Atomic(false)
}

private final class Ends: Sendable {
    let all = Mutex<[UInt64: ContinuousClock.Instant]>([:])
}

private final class Notes: Sendable {
    let inTime = Mutex<[Bool]>([])
}

private final class Alarm: Sleeper {
    private let notes: Notes

    init(_ notes: Notes) { self.notes = notes }

    func wake(for moment: MonotonicTime) {
        let isInTime = MonotonicTime.read() >= moment
        notes.inTime.withLock { $0.append(isInTime) }
    }
}
