import Testing

/// The five commands of the README, over a real socket.
@Suite struct FiveCurlsTests {
    @Test func aSessionIsBegunShownRefreshedAndEnded() async throws {
        try await Harness.run { server in
            let login = try await server.ask("POST", "/login", body: #"{"user_id": 1}"#)
            #expect(login.status == 200)
            #expect(login["Cache-Control"] == "no-store")
            #expect(login.body.contains(#""token_type":"Bearer","expires_in":900,"session_id":""#))
            let access = try #require(login.member("access")), refresh = try #require(login.member("refresh"))

            let claims = try await server.ask("GET", "/authenticate", [Harness.bearer(access)])
            #expect(claims.status == 200)
            #expect(claims.body.contains(#""sub":"1""#) && claims.body.contains(#""user_id":1"#))

            let refreshed = try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(refresh)"}"#)
            #expect(refreshed.status == 200)
            let second = try #require(refreshed.member("access"))
            #expect(second != access)

            let logout = try await server.ask("POST", "/logout", [Harness.bearer(second)])
            #expect(logout.status == 200)
            for token in [access, second] {
                let after = try await server.ask("GET", "/authenticate", [Harness.bearer(token)])
                #expect(after.status == 401)
                #expect(after.member("error") == "invalid_token")
            }
            let ping = try await server.ask("GET", "/ping")
            #expect(ping.status == 200 && ping.body == "pong")
        }
    }
}
