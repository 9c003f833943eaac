import Foundation
import TestSupport
import Testing
import ValkeyServer

extension Proofs {
    /// SIGKILL at every step of a rotation: after the restart the grant works, or what is lost is said exactly.
    @Suite struct RotationProofTests {
        @Test func aKillAtAnyStepCostsNothingOrIsSaidExactly() async throws {
            try await Soak("upstream-rotation", small: 1, large: 200, portion: 1).run { count in
                for round in 0..<count {
                    for nature in RotatingServer.Nature.allCases {
                        // Every step each time: the steps differ in what the disk and the issuer know, and not by chance.
                        let found = try await Rotations.violations(nature, Rotations.steps, isFirst: round.isMultiple(of: 2))
                        #expect(found == [], "\(nature)")
                    }
                }
            }
        }

        /// The same over the stores of a server: what they call written has to be there after a kill, and what a kill cuts has to be absent as a whole.
        @Test(arguments: Rotations.Store.allCases) func aKillAtAnyStepCostsNothingInAStoreEither(_ store: Rotations.Store) async throws {
            try await store.run { vault in
                try await Soak("upstream-rotation-\(store)", small: 1, large: 200, portion: 1).run { count in
                    for round in 0..<count {
                        let natures = Soak.Wishes.current.isOn ? RotatingServer.Nature.allCases : [.strict]
                        for nature in natures {
                            let found = try await Rotations.violations(nature, Rotations.steps, isFirst: round.isMultiple(of: 2), vault: vault)
                            #expect(found == [], "\(nature)")
                        }
                    }
                }
            }
        }

        @Test func anAnswerThatIsNotStoredIsCaught() async throws {
            let step = Rotations.Step(name: "after-save-2", mayLose: false)
            let found = try await Rotations.violations(.strict, [step], isFirst: true, fault: "unstored")
            #expect(!found.isEmpty)
        }
    }
}

/// One process after another on one grant, each killed at a step.
enum Rotations {
    /// Where a process is killed.
    struct Step: Sendable {
        let name: String
        /// Whether the issuer may have seen the call, and the answer is not stored yet.
        let mayLose: Bool
    }

    /// The steps of one exchange, in their order.
    static let steps: [Step] = [
        ("before-save-1", false), ("during-save-1", false), ("after-save-1", false), ("before-call", false), ("during-call", true),
        ("after-call", true), ("before-save-2", true), ("during-save-2", true), ("after-save-2", false), ("after-parse", false),
        ("before-save-3", false), ("during-save-3", false), ("after-save-3", false),
    ].map(Step.init)

    /// The stores of a server, as vaults.
    enum Store: String, CaseIterable, Sendable {
        case sqlite, valkey

        /// - Parameter body: is told what makes the vault of one grant: a word of the worker's.
        func run(_ body: (_ vault: @escaping @Sendable (UpstreamFolder) -> String) async throws -> Void) async throws {
            switch self {
            case .sqlite: try await body { "vault=sqlite:\($0.path)/store" }
            case .valkey:
                // One for all grants, as a fleet has it. It outlives whoever is killed, so it need not save anything.
                try await ValkeyServer.run { server in
                    try await body { [port = server.port] _ in "vault=valkey:\(port)" }
                }
            }
        }
    }

    /// What should not have happened.
    static func violations(
        _ nature: RotatingServer.Nature, _ steps: [Step], isFirst: Bool, fault: String = "",
        vault: @escaping @Sendable (UpstreamFolder) -> String = { $0.vault }
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for step in steps {
                group.addTask { try await violations(nature, step, isFirst: isFirst, fault: fault, vault) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func violations(
        _ nature: RotatingServer.Nature, _ step: Step, isFirst: Bool, fault: String, _ vault: (UpstreamFolder) -> String
    ) async throws -> [String] {
        let server = try RotatingServer(nature, lifetime: .milliseconds(1))
        defer { server.close() }
        let folder = try UpstreamFolder()
        let words = [vault(folder), "grant=\(UUID().uuidString)", "server=\(server.port)", "first=r0", "timeout=1000"]
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
