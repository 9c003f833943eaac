import Foundation
import Testing

extension Proofs {
    /// The section "Pools of tokens" is typed from its first line to its last, with what the answers say pasted.
    @Suite struct ReadmePoolProofTests {
        @Test func theCommandsOfThePoolSectionDoWhatItSays() async throws {
            try await DataFolder.use { folder in
                let ports = try await Ports.free()
                let settings = ["server.port": "\(ports.server)", "admin.port": "\(ports.admin)"]
                try await ServerProcess.use(folder, settings) { _ in
                    var pasted = (token: "", lease: "")
                    for command in try commands() {
                        let typed = String(command).replacing("p2Vd…", with: pasted.token).replacing("17…", with: pasted.lease)
                        let outcome = try await run(typed, ports, folder)
                        #expect(outcome.status == 0, "\(command): \(outcome.complaint)")
                        let text = outcome.output
                        #expect(!text.contains(#""error""#), "\(command): \(text)")
                        if typed.hasSuffix("/tokens/assign") { pasted = try paste(text) }
                        let known = Self.expected.first { command.contains($0.command) }
                        let word = try #require(known?.word, "nobody knows what \(command) should print")
                        #expect(text.contains(word), "\(command): \(text)")
                    }
                }
            }
        }

        /// The lines of the section's blocks of commands; what an answer looks like is in a block that says `json`.
        private func commands() throws -> [Substring] {
            var fence: Substring?
            return try Readme.section("## Pools of tokens").split(separator: "\n").filter { line in
                if line.hasPrefix("```") {
                    fence = fence == nil ? line : nil
                    return false
                }
                return fence == "```"
            }
        }

        /// What is printed, by what the command has in it; the first that fits.
        private static let expected: [(command: String, word: String)] = [
            ("/generate", #"{"tokens":[""#), ("?wait=10s", #"{"token":""#), ("/assign", #""expires_in":60"#), ("/keep-alive", #""expires_in":60"#),
            ("/unblock", #""available_in":120"#), ("/delete", #""deleted":true"#), ("pool create", "licences"), ("pool import", "3 tokens were put"),
            ("pool assign", "KEY-1"), ("pool generate", "\n"), ("pool stats", "least_recently_used"), ("pool list", "licences"),
            ("pool watch", "licences"), ("pool drain", "assigns nothing any more"),
        ]

        private func paste(_ text: String) throws -> (token: String, lease: String) {
            let answer = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let token = try #require(answer["token"] as? String), lease = try #require(answer["lease"] as? Int64)
            return (token, "\(lease)")
        }

        private func run(_ command: String, _ ports: Ports, _ folder: DataFolder) async throws -> ChildProcess.Outcome {
            let typed = command.replacing(".build/release/mintmark", with: Binary.path).replacing("localhost:8080", with: "localhost:\(ports.server)")
            return try await ChildProcess.run(
                ["/bin/sh", "-c", typed], in: folder, environment: ["MINTMARK_STORE_PATH": folder.store, "MINTMARK_ADMIN_PORT": "\(ports.admin)"])
        }
    }
}
