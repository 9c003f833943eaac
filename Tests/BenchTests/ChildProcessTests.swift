import Testing

@testable import mintmark_bench

@Suite struct ChildProcessTests {
    /// Tasks run on threads that block signals, which children inherit unless it is undone: then only the kill after
    /// `patience` would end it. A shell that traps the signal would not notice, it unblocks what it traps.
    @Test func aChildHearsThatItIsToEnd() async throws {
        let folder = try WorkFolder(in: ".build/bench-tests")
        defer { folder.remove() }
        let child = try ChildProcess("sh", ["-c", "echo ready; exec sleep 600"], output: folder.path + "/output")
        try await child.wait { $0.contains("ready") ? () : nil }
        let start = ContinuousClock.now
        child.stop(patience: .seconds(60))
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func aChildThatEndsEarlyIsNotWaitedFor() async throws {
        let folder = try WorkFolder(in: ".build/bench-tests")
        defer { folder.remove() }
        let child = try ChildProcess("sh", ["-c", "echo out of luck"], output: folder.path + "/output")
        await #expect(throws: BenchError.self) { try await child.wait { $0.contains("ready") ? () : nil } }
    }

    @Test func itsFiguresAreReadWhereTheSystemTellsThem() async throws {
        let folder = try WorkFolder(in: ".build/bench-tests")
        defer { folder.remove() }
        let child = try ChildProcess("sh", ["-c", "while :; do :; done"], output: folder.path + "/output")
        defer { child.stop() }
        #if os(Linux)
        while try #require(child.figures.cpu) == 0 { await Task.yield() }
        #expect(try #require(child.figures.resident) > 100_000)
        #expect(try #require(child.figures.residentPeak) > 100_000)
        #else
        #expect(child.figures.cpu == nil)
        #endif
    }
}
