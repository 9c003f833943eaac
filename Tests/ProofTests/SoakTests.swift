import Foundation
import TestSupport
import Testing

/// A soak that is interrupted goes on where it was, on the same commit.
@Suite struct SoakTests {
    private struct Interrupted: Error {}

    @Test func anInterruptedSoakGoesOnWhereItWas() async throws {
        let (lines, report) = AsyncStream.makeStream(of: String.self)
        var wishes = Soak.Wishes(isOn: true, scale: 0.5, commit: "a", folder: temporaryFolder()) { report.yield($0) }
        var done: [Int] = []
        func soak() -> Soak { Soak("x", small: 1, large: 50, portion: 10, wishes: wishes) }
        await #expect(throws: Interrupted.self) {
            try await soak().run { count in
                guard done.count < 2 else { throw Interrupted() }
                done.append(count)
            }
        }
        #expect(done == [10, 10])
        try await soak().run { done.append($0) }
        #expect(done == [10, 10, 5])
        try await soak().run { done.append($0) }
        #expect(done == [10, 10, 5], "nothing is left")
        wishes.commit = "b"
        try await soak().run { done.append($0) }
        #expect(done.dropFirst(3) == [10, 10, 5], "another commit begins anew")
        report.finish()
        #expect(await lines.reduce(into: []) { $0.append($1) } == Array(repeating: "soak: x: 25 of 25 in 0 s", count: 3))
    }

    @Test func everyDayTheSmallCountRunsAndNothingIsNoted() async throws {
        let wishes = Soak.Wishes(isOn: false, scale: 1, commit: "a", folder: temporaryFolder()) { Issue.record("\($0)") }
        for _ in 0..<2 {
            var done: [Int] = []
            try await Soak("x", small: 3, large: 50, portion: 10, wishes: wishes).run { done.append($0) }
            #expect(done == [3])
        }
        #expect(!FileManager.default.fileExists(atPath: wishes.folder))
    }
}
