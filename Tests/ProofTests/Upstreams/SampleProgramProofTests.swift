import Foundation
import LoopbackServer
import Synchronization
import Testing

extension Proofs {
    /// The package in Examples/UpstreamTokens: its program is a target of this package too, built from the same files, and does what the README says.
    @Suite struct SampleProgramProofTests {
        private static let sources = Repository.path + "/Examples/UpstreamTokens"

        /// What the README says it prints.
        private func expected() throws -> String { try Readme.block("text", of: "## Tokens of others") }

        @Test func aThousandCallersOfItCauseOneRequestAtAnIssuer() async throws {
            let count = Mutex(0)
            try await LoopbackServer.run { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return .init(200, #"{"access_token":"token-\#(number)","token_type":"Bearer","expires_in":3600}"#)
            } _: { issuer in
                try await DataFolder.use { folder in
                    let url = "http://127.0.0.1:\(issuer.port)/token"
                    let outcome = try await ChildProcess.run([Binary.beside("upstream-tokens"), url, "shop", "hunter2", "read"], in: folder)
                    let expected = try expected()
                    #expect(outcome.status == 0 && outcome.output == expected, "\(outcome)")
                    #expect(issuer.requests.map { String(decoding: $0.body, as: UTF8.self) }.allSatisfy { $0.contains("scope=read") })
                    #expect(issuer.requests.count == 2)
                }
            }
        }

        @Test func whoAsksItForNothingIsToldHowTo() async throws {
            try await DataFolder.use { folder in
                let outcome = try await ChildProcess.run([Binary.beside("upstream-tokens")], in: folder)
                #expect(outcome.output.hasPrefix("usage: UpstreamTokens TOKEN_URL"))
            }
        }

        @Test func theLinesOfTheReadmeAreLinesOfIt() throws {
            let program = try String(contentsOfFile: Self.sources + "/Sources/UpstreamTokens/UpstreamTokens.swift", encoding: .utf8)
            let lines = Set(program.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
            let typed = try Readme.block("swift", of: "## Tokens of others")
            for line in typed.split(separator: "\n") {
                #expect(lines.contains(line.trimmingCharacters(in: .whitespaces)), "the sample program has no line \(line)")
            }
        }

        /// Its own Package.swift is what a reader copies: it names products that this package has, and the files that were built here.
        @Test func itsPackageNamesProductsOfThisOne() async throws {
            let whole = try String(contentsOfFile: Repository.path + "/Package.swift", encoding: .utf8)
            #expect(whole.contains(#"path: "Examples/UpstreamTokens/Sources/UpstreamTokens""#))
            try await DataFolder.use { folder in
                let swift = ProcessInfo.processInfo.environment["SWIFT"] ?? "swift"
                let outcome = try await ChildProcess.run(
                    [swift, "package", "--package-path", Self.sources, "--scratch-path", folder.path + "/build", "dump-package"], in: folder)
                let target = try #require(try JSONDecoder().decode(Dump.self, from: Data(outcome.output.utf8)).targets.first)
                #expect(target.name == "UpstreamTokens" && target.path == nil, "\(outcome.complaint)")
                let products = target.dependencies.compactMap { $0.product?.first ?? nil }
                #expect(products == ["TokenClient", "TokenTransport"])
                for product in products { #expect(whole.contains(#".library(name: "\#(product)""#)) }
            }
        }

        private struct Dump: Decodable {
            struct Target: Decodable {
                struct Dependency: Decodable { let product: [String?]? }
                let name: String
                let path: String?
                let dependencies: [Dependency]
            }
            let targets: [Target]
        }
    }
}
