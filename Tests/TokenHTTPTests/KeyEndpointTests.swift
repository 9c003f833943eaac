import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Signing keys over the admin listener.
@Suite struct KeyEndpointTests {
    @Test func keysAreListedWithTheirStates() async throws {
        try await Harness.run { server in
            let list = try await server.administer("GET", "/keys")
            #expect(list.status == 200)
            for part in [
                #""algorithm":"ES256""#, #""state":"signing""#, #""state":"published""#, #""next_state_at":"#,
                #""seal":[{"number":1,"in_file":true,"current":true"#,
            ] {
                #expect(list.body.contains(part), "\(part)")
            }
            #expect(!list.body.contains("sealed"))
        }
    }

    @Test func aRotationIsScheduledOnceAndHappens() async throws {
        try await Harness.run { server in
            let first = try #require(server.keys.snapshot.ring.signing?.id.text)
            let rotation = try await server.administer("POST", "/keys/rotate")
            #expect(rotation.member("rotation") == "scheduled")
            #expect(try await server.administer("POST", "/keys/rotate").withoutDate == rotation.withoutDate, "idempotent")
            server.clock.advance(by: .seconds(3601))
            #expect(try await server.administer("POST", "/keys/rotate").status == 200)
            #expect(server.keys.snapshot.ring.signing?.id.text != first)
        }
    }

    /// An emergency: once answered, nothing that the key signed is accepted on any loop; the spare signs at once.
    @Test func aRevokedKeysTokensAreRefusedAtOnce() async throws {
        try await Harness.run { server in
            let access = Harness.bearer(try await server.login().access)
            for _ in 0..<4 { #expect(try await server.ask("GET", "/authenticate", [access]).status == 200) }
            let kid = try #require(server.keys.snapshot.ring.signing?.id.text)
            for _ in 0..<2 { #expect(try await server.administer("POST", "/keys/\(kid)/revoke").status == 200) }
            for _ in 0..<4 { #expect(try await server.ask("GET", "/authenticate", [access]).status == 401) }
            #expect(try await !server.ask("GET", "/.well-known/jwks.json").body.contains(kid))
            let next = Harness.bearer(try await server.login().access)
            #expect(try await server.ask("GET", "/authenticate", [next]).status == 200)
            #expect(try await server.administer("POST", "/keys/unknown/revoke").status == 404)
        }
    }
}
