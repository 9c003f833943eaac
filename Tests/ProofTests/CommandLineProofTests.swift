import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// The commands that need a running server, typed at one.
    @Suite struct CommandLineProofTests {
        @Test func keysAreListedRotatedAndRevoked() async throws {
            try await beside(["keys.publish_ahead": "0s"]) { operate, service in
                let before = try #require(await service.login(1).value)
                let first = try #require(try await states(operate)["signing"]?.first)
                #expect(try await operate.run("keys", "rotate").status == 0)
                let second = try #require(try await states(operate)["signing"]?.first)
                #expect(second != first)
                #expect(await service.authenticate(before.access).value != nil, "the key before goes on verifying")
                let after = try #require(await service.login(1).value)

                #expect(try await operate.run("keys", "revoke", second).status == 0)
                #expect(await service.authenticate(after.access).isRefused)
                #expect(await service.authenticate(before.access).value != nil)
                // Whoever holds a refresh token is served by the next key at once.
                let again = try #require(await service.refresh(after.refresh).value)
                #expect(await service.authenticate(again.access).value != nil)
                #expect(try await operate.run("keys", "revoke", "no-such-key").status == 1)
            }
        }

        /// Validators hold the key set in their caches: a key that they cannot know yet does not sign.
        @Test func aRotationWaitsForThePublishedKeyToBeKnown() async throws {
            try await beside { operate, _ in
                let first = try await states(operate)["signing"]
                let rotated = try await operate.run("keys", "rotate")
                #expect(rotated.status == 0 && rotated.output.contains("signs from"), "\(rotated)")
                #expect(try await states(operate)["signing"] == first)
            }
        }

        /// What an image without a shell runs as its health check.
        @Test func healthIsAskedForWithoutACredential() async throws {
            try await beside { operate, _ in
                for arguments in [["health"], ["health", "--ready"]] {
                    let outcome = try await operate.run(arguments)
                    #expect(outcome.status == 0 && outcome.complaint.isEmpty, "\(outcome)")
                }
            }
            try await DataFolder.use { folder in
                let nobody = try await Operator(folder).run("health")
                #expect(nobody.status == 69 && nobody.complaint.contains("does not answer"), "\(nobody)")
            }
        }

        @Test func sessionsAreListedAndRevoked() async throws {
            try await beside { operate, service in
                let pairs = [
                    try #require(await service.login(7).value), try #require(await service.login(7).value),
                    try #require(await service.login(7).value),
                ]
                let other = try #require(await service.login(8).value)
                let listed = try await operate.object("sessions", "list", "7")["sessions"] as? [[String: Any]]
                #expect(listed?.compactMap { $0["session_id"] as? String } == pairs.map(\.session))

                #expect(try await operate.run("sessions", "revoke", pairs[0].session).status == 0)
                #expect(await service.authenticate(pairs[0].access).isRefused)
                #expect(await service.authenticate(pairs[1].access).value != nil)
                #expect(try await operate.run("sessions", "revoke", "--subject", "7").status == 0)
                for pair in pairs {
                    #expect(await service.authenticate(pair.access).isRefused)
                    #expect(await service.refresh(pair.refresh).isRefused)
                }
                #expect(await service.authenticate(other.access).value != nil)
                #expect((try await operate.object("sessions", "list", "7")["sessions"] as? [Any])?.isEmpty == true)
            }
        }

        @Test func aClientIsMadeLogsInAndIsDeleted() async throws {
            try await beside(["login.require": "client"]) { operate, service in
                #expect(await service.login(1).isRefused)
                let made = try await operate.object("clients", "create", "backend")
                let id = try #require(made["client_id"] as? String)
                let secret = try #require(made["client_secret"] as? String)
                let basic = ("Authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString())
                #expect(try await service.connection.send(.POST, "/login", fields: [basic], body: #"{"user_id": 1}"#).status == 200)
                let list = try await operate.run("clients", "list")
                #expect(list.output.contains(id) && list.output.contains("backend"))
                #expect(!list.output.contains(secret))

                #expect(try await operate.run("clients", "delete", id).status == 0)
                #expect(try await service.connection.send(.POST, "/login", fields: [basic], body: #"{"user_id": 1}"#).status == 401)
                #expect(try await operate.run("clients", "delete", id).status == 1)
            }
        }

        @Test func aTokenIsVerifiedAgainstThePublishedKeys() async throws {
            try await beside { operate, service in
                let pair = try #require(await service.login(1).value)
                let keys = "http://localhost:\(operate.ports.server)/.well-known/jwks.json"
                let good = try await operate.run("token", "verify", pair.access, "--jwks", keys, "--issuer", "http://localhost")
                #expect(good.status == 0, "\(good)")
                let forged = String(pair.access.dropLast(4)) + "AAAA"
                let bad = try await operate.run("token", "verify", forged, "--jwks", keys)
                #expect(bad.status == 1)
                #expect(bad.output.lowercased().contains("signature"))
                #expect(try await operate.run("token", "verify", pair.access, "--jwks", keys, "--issuer", "http://other").status == 1)
            }
        }

        @Test func withoutAServerOrACredentialTheExitCodeSaysSo() async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                #expect(try await operate.run("keys", "list").status == 77, "no credential")
                try await ServerProcess.use(folder, operate.settings) { _ async throws in
                    #expect(try await operate.run("keys", "list").status == 0)
                    #expect(try await operate.run("keys", "list", "--credential", folder.seal).status == 77, "a wrong credential")
                }
                #expect(try await operate.run("keys", "list").status == 69, "no server")
            }
        }

        @Test func theConfigurationShownIsTheOneThatServes() async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                let show = try await operate.run("config", "show", "--set", "auth.refresh_grace=7s")
                #expect(show.status == 0)
                #expect(show.output.contains(folder.store))
                #expect(try await operate.run("config", "check").status == 0)
                let check = try await operate.run("config", "check", "--set", "server.host=0.0.0.0", "--set", "login.require=none")
                #expect(check.status == 78)
                let refusal = await #expect(throws: ServerProcess.DidNotStart.self) {
                    try await ServerProcess.start(folder, ["server.host": "0.0.0.0", "login.require": "none"])
                }
                #expect(refusal?.status == 78)
            }
        }

        /// The kids of the keys by state.
        private func states(_ operate: Operator) async throws -> [String: [String]] {
            let keys = try await operate.object("keys", "list")["keys"] as? [[String: Any]] ?? []
            return Dictionary(grouping: keys) { $0["state"] as? String ?? "" }.mapValues { $0.compactMap { $0["kid"] as? String } }
        }

        private func beside(_ settings: [String: String] = [:], _ body: (Operator, HTTPService) async throws -> Void) async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                try await ServerProcess.use(folder, operate.settings.merging(settings) { $1 }) { server in
                    try await body(operate, HTTPService(connection: try await HTTPConnection.open(port: server.port)))
                }
            }
        }
    }
}
