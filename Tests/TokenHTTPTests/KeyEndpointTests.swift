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

    /// Canon 53: what was remembered of a key that leaves the key set is forgotten on every loop, whatever its tokens say of their expiry.
    @Test func aForgedTokenThatIsRememberedDiesWithItsKey() async throws {
        try await Harness.run { server in
            let stolen = try #require(server.keys.signer)
            let claims = try await server.ask("GET", "/authenticate", [Harness.bearer(try await server.login().access)]).body
            let start = try #require(claims.firstRange(of: #""exp":"#)?.upperBound)
            let forgery = claims[..<start] + "1900000000" + claims[start...].drop { $0.isNumber }
            let forged = Harness.bearer(String(decoding: try await stolen.sign(Array(forgery.utf8)), as: UTF8.self))
            for _ in 0..<4 { #expect(try await server.ask("GET", "/authenticate", [forged]).status == 200) }
            #expect(try await remembered(server) >= 2)

            let kid = try #require(server.keys.snapshot.ring.signing?.id.text)
            #expect(try await server.administer("POST", "/keys/\(kid)/revoke").status == 200)
            #expect(try await remembered(server) == 0, "so the revocation's entry may expire")
            server.clock.advance(by: .seconds(100_000))
            for _ in 0..<4 { #expect(try await server.ask("GET", "/authenticate", [forged]).status == 401) }
        }
    }

    private func remembered(_ server: Harness) async throws -> Int {
        let text = try await Wire.ask(server.ports.admin, Harness.request("GET", "/metrics")).body
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("mintmark_cached_tokens ") })
        return try #require(line.split(separator: " ").last.flatMap { Int($0) })
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
