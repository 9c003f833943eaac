import Logging
import Synchronization
import Testing

@testable import TokenEngine

@Suite struct KeeperTests {
    @Test func failuresAreToldOnceThenOnceAMinuteAndTheirEndOnce() {
        var trouble = Trouble()
        let start = ContinuousClock.now
        #expect(trouble.ended() == nil)
        #expect(trouble.failed(at: start) == 1)
        for tenth in 1..<600 { #expect(trouble.failed(at: start + .milliseconds(tenth * 100)) == nil) }
        #expect(trouble.failed(at: start + .seconds(60)) == 601)
        #expect(trouble.failed(at: start + .seconds(61)) == nil)
        #expect(trouble.ended() == 602)
        #expect(trouble.ended() == nil)
        #expect(trouble.failed(at: start + .seconds(62)) == 1, "trouble of its own")
    }

    /// A sink that cannot be written is tried ten times a second: that must not fill the log.
    @Test func aKeeperThatFailsAgainAndAgainWritesTwoLines() async throws {
        let began = ContinuousClock.now
        let log = LogOfLines()
        let keeper = Keeper("sink", every: .zero, logger: Logger(label: "test") { _ in log }) {
            if log.pieces.add(1, ordering: .relaxed).newValue <= 50 { throw CancellationError() }
        }
        let task = Task { try await keeper.run() }
        while log.pieces.load(ordering: .relaxed) < 60 { await Task.yield() }
        task.cancel()
        try await task.value
        let lines = log.lines.withLock { $0 }
        let failed = "warning a keeper's work failed; it is tried again"
        #expect(lines.first == failed && lines.last == "notice a keeper works again")
        #expect(lines.count <= 2 + Int((ContinuousClock.now - began) / .seconds(60)), "one more for each minute that it took")
        #expect(lines.dropFirst().dropLast().allSatisfy { $0 == failed })
    }

    @Test func servicesAreNamedInTheLogOfTheirGroup() {
        let keeper = Keeper("sweeper", every: .seconds(1), logger: Logger(label: "test") { _ in LogOfLines() }) {}
        #expect("\(keeper)" == "keeper 'sweeper'")
    }
}
