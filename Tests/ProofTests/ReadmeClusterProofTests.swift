import Foundation
import Testing

extension SharedProofs {
    /// The section "More than one machine" is typed from its first line to its last: a cluster, three instances, one session that all of them know.
    @Suite struct ReadmeClusterProofTests {
        @Test func fromNothingToThreeInstancesOnACluster() async throws {
            try await DataFolder.use { folder in
                try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
                let outcome = try await ChildProcess.run(["/bin/bash", "-c", try await script()], in: folder)
                #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.complaint)")
                let answers = outcome.output.split(separator: "\n").drop { !$0.hasPrefix("ANSWERS") }.dropFirst()
                #expect(answers.count == 4, "\(answers)")
                for (answer, word) in zip(answers, ["\"access\"", "\"access\"", "\"ended\"", "invalid_token"]) {
                    #expect(answer.contains(word), "\(answer)")
                }
            }
        }

        /// What a reader types, with the tokens of the first answer pasted, on ports that nobody else has.
        private func script() async throws -> String {
            let heading = "## More than one machine"
            let blocks = try Readme.blocks(of: heading)
            #expect(blocks.count == 2)
            let end = try #require(try Readme.section(heading).split(separator: "\n").first { $0.hasPrefix("`kill") }?.dropFirst())
            let curls = blocks[1].split(separator: "\n").map { line in
                line.replacing("mmr_…", with: "'\"$refresh\"'").replacing("'Authorization: Bearer eyJ…'", with: "\"Authorization: Bearer $access\"")
            }
            var script = """
                set -e
                end() { \(end.prefix { $0 != "`" }); }
                trap 'end >&2' EXIT
                \(blocks[0])
                for port in 9191 9192 9193; do
                  for try in $(seq 300); do curl -s -o /dev/null localhost:$port/healthz && break; sleep 0.1; done
                done
                login=$(\(curls[0]))
                refresh=$(printf %s "$login" | sed 's/.*"refresh":"\\([^"]*\\)".*/\\1/')
                access=$(printf %s "$login" | sed 's/.*"access":"\\([^"]*\\)".*/\\1/')
                echo; echo ANSWERS; echo "$login"

                """
            script += curls.dropFirst().map { "\($0)\necho\n" }.joined()
            script = script.replacing(".build/release/mintmark", with: Binary.path)
            for (written, port) in try await ports() { script = script.replacing(written, with: port) }
            return script
        }

        /// Free ports in the place of those of the text, in which the number of an instance stands behind what its ports have in common. A node of a
        /// cluster also takes the port 10,000 above its own.
        private func ports() async throws -> [(String, String)] {
            // All below 32,768, where Linux begins to give ports to outgoing connections, and beside those of the other tests' servers.
            let node = try await Ports.random(22_700..<22_765) { first in (first..<first + 3).flatMap { [$0, $0 + 10_000] } }
            let part = try await Ports.random(1000..<1900) { part in [part, part + 100].flatMap { part in (1...3).map { part * 10 + $0 } } }
            return (1...3).map { ("700\($0)", "\(node + $0 - 1)") } + [("909", "\(part)"), ("919", "\(part + 100)")]
        }
    }
}
