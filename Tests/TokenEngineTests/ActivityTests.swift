import Testing
import TokenCore

@testable import TokenEngine

/// With `auto_logout`, when a session was seen is written: seldom, and never so late that a living session ends.
@Suite struct ActivityTests {
    /// An hour and so an interval of three minutes.
    private let policy = SessionPolicy(autoLogout: .seconds(3600))

    /// One event loop's memory of one access token, as the cache of verified tokens keeps it.
    private struct Reporter {
        var recordedAt: UnixTime

        mutating func see(_ session: SessionID, at now: UnixTime, _ engine: TokenEngine) {
            guard now >= recordedAt + engine.policy.activityInterval else { return }
            recordedAt = engine.recordActivity(session, at: now)
        }
    }

    @Test(arguments: TestedStore.allCases) func activityIsWrittenOncePerSessionAndInterval(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store, policy: policy)
            let session = try await harness.login().session
            let start = harness.clock.now()
            // Two tokens of the session, each on two event loops.
            var reporters = Array(repeating: Reporter(recordedAt: start), count: 4)
            var written: [UnixTime] = []
            for second in 1...1800 as ClosedRange<Int64> {
                harness.clock.advance(by: .seconds(1))
                let now = harness.clock.now()
                // Each is used at a rhythm of its own, one of them every second.
                for index in reporters.indices where second.isMultiple(of: [1, 7, 61, 170][index]) {
                    reporters[index].see(session, at: now, harness.engine)
                }
                guard second.isMultiple(of: 5) else { continue }
                try await harness.engine.writeActivity()
                let stored = try #require(try await store.load(Family.self, id: session, now: now)).record.activity.lastSeen
                #expect(now - stored < policy.activityInterval + .seconds(5), "seen a second ago, and stored \(now - stored) ago")
                if stored != written.last ?? start { written.append(stored) }
            }
            #expect(written.count == 10, "once in each of ten intervals")
            #expect(zip(written, written.dropFirst()).allSatisfy { $1 - $0 >= policy.activityInterval })
        }
    }

    /// A later token on a loop that knows nothing yet still learns when it is due: the session lives on.
    @Test func aReporterLearnsFromWhenTheIntervalCounts() async throws {
        let harness = try await Harness(store: InMemoryStore(), policy: policy)
        let session = try await harness.login().session
        let first = harness.clock.now() + .seconds(300)
        #expect(harness.engine.recordActivity(session, at: first) == first)
        #expect(harness.engine.recordActivity(session, at: first + .seconds(179)) == first)
        #expect(harness.engine.recordActivity(session, at: first + .seconds(180)) == first + .seconds(180))
    }

    /// What could not be written waits, although its interval has begun.
    @Test func aNoteIsKeptUntilItIsWritten() {
        let activity = PendingActivity(interval: .seconds(60))
        let session = SessionID(birth: .epoch, partition: .control, random: 1)
        let now = UnixTime(seconds: 1000)
        #expect(activity.note(session, at: now) == now)
        #expect(activity.pending() == [session: now])
        activity.sweep(now: now + .seconds(60))
        #expect(activity.note(session, at: now + .seconds(60)) == now + .seconds(60))
        activity.forget([session: now])
        #expect(activity.pending() == [session: now + .seconds(60)], "seen again since")
        activity.forget([session: now + .seconds(60)])
        #expect(activity.pending().isEmpty)
    }

    @Test func whatIsRememberedIsForgottenAfterTwoIntervals() {
        let activity = PendingActivity(interval: .seconds(60))
        var now = UnixTime(seconds: 1000)
        for number in 0..<600 as Range<UInt64> {
            now = now + .seconds(1)
            _ = activity.note(SessionID(birth: .epoch, partition: .control, random: number), at: now)
            activity.sweep(now: now)
            #expect(activity.remembered <= 121)
        }
        #expect(activity.remembered >= 60)
        for _ in 0..<2 {
            now = now + .seconds(60)
            activity.sweep(now: now)
        }
        #expect(activity.remembered == 0)
    }

    /// A note that is dropped is no record: whoever brought it comes again, a second later and not with every request.
    @Test func beyondTheBoundNotesAreDroppedAndBroughtAgain() {
        let activity = PendingActivity(interval: .seconds(60))
        let now = UnixTime(seconds: 1000)
        for number in 0..<UInt64(PendingActivity.most) {
            _ = activity.note(SessionID(birth: .epoch, partition: .control, random: number), at: now)
        }
        let late = SessionID(birth: .epoch, partition: .control, random: .max)
        let first = SessionID(birth: .epoch, partition: .control, random: 0)
        #expect(activity.note(late, at: now) + .seconds(60) == now + .seconds(1))
        #expect(activity.note(first, at: now + .seconds(60)) == now + .seconds(60), "what waits already is brought up to date")
        #expect(activity.note(late, at: now + .seconds(90)) + .seconds(60) == now + .seconds(91))
        #expect(activity.pending().count == PendingActivity.most && activity.lastSeen(late) == nil)
        #expect(activity.remembered == PendingActivity.most)
        activity.forget(activity.pending())
        #expect(activity.note(late, at: now + .seconds(91)) == now + .seconds(91))
        #expect(activity.lastSeen(late) == now + .seconds(91))
    }

    @Test func withoutAutoLogoutNothingIsNoted() async throws {
        let harness = try await Harness(store: InMemoryStore())
        let session = try await harness.login().session
        harness.engine.recordActivity(session, at: harness.clock.now())
        #expect(harness.engine.activity.pending().isEmpty)
    }
}
