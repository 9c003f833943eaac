import Foundation
import TestSupport
import Testing

extension Proofs {
    /// SIGKILL at every step of a rotation: after the restart the grant works, or what is lost is said exactly.
    @Suite struct RotationProofTests {
        /// The steps of one exchange, in their order, and whether the issuer has seen it before its answer was stored.
        private static let steps: [(name: String, mayLose: Bool)] = [
            ("before-save-1", false), ("after-save-1", false), ("before-call", false), ("during-call", true), ("after-call", true),
            ("before-save-2", true), ("after-save-2", false), ("after-parse", false), ("before-save-3", false), ("after-save-3", false),
        ]

        @Test func aKillAtAnyStepCostsNothingOrIsSaidExactly() async throws {
            try await Soak("upstream-rotation", small: 1, large: 200, portion: 1).run { count in
                for round in 0..<count {
                    for nature in RotatingServer.Nature.allCases {
                        // Every step each time: the steps differ in what the disk and the issuer know, and not by chance.
                        let found = try await Rotations.violations(nature, Self.steps, isFirst: round.isMultiple(of: 2))
                        #expect(found == [], "\(nature)")
                    }
                }
            }
        }

        @Test func anAnswerThatIsNotStoredIsCaught() async throws {
            let found = try await Rotations.violations(.strict, [("after-save-2", false)], isFirst: true, fault: "unstored")
            #expect(!found.isEmpty)
        }
    }
}

/// One process after another on one grant, each killed at a step.
enum Rotations {
    /// What should not have happened.
    static func violations(
        _ nature: RotatingServer.Nature, _ steps: [(name: String, mayLose: Bool)], isFirst: Bool, fault: String = ""
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for step in steps {
                group.addTask { try await violations(nature, step, isFirst: isFirst, fault: fault) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func violations(
        _ nature: RotatingServer.Nature, _ step: (name: String, mayLose: Bool), isFirst: Bool, fault: String
    ) async throws -> [String] {
        let server = try RotatingServer(nature, lifetime: .milliseconds(1))
        defer { server.close() }
        let folder = try UpstreamFolder()
        let words = [folder.vault, "server=\(server.port)", "first=r0", "timeout=1000"]
        var found: [String] = []
        if !isFirst {
            let before = try await UpstreamProcess.once(words, in: folder)
            if !before.hasPrefix("failed") && !before.hasPrefix("token") { found.append("before \(step.name): \(before)") }
        }
        let killed = try await UpstreamProcess.once(words + ["stop=\(step.name)", "fault=\(fault)"], in: folder)
        if killed != "stopping at \(step.name)" { found.append("not killed at \(step.name): \(killed)") }
        let after = try await UpstreamProcess.once(words, in: folder)
        let again = try await UpstreamProcess.once(words, in: folder)
        for line in [after, again] {
            let isSaid = line.hasPrefix("lost a rotation began at ") && step.mayLose && nature == .strict
            // A token that lasts a millisecond is over when it comes: the exchange is what counts, and the server's word that the grant lives.
            let works = (line.hasPrefix("token") || line.contains("was over when it came")) && server.isAlive
            if !isSaid, !works { found.append("killed at \(step.name): \(line)") }
        }
        return found
    }
}
