import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Sessions seen and ended by their own subject, and what is refused.
@Suite struct SessionEndpointTests {
    /// Canon 63.
    @Test func aSubjectSeesAndEndsItsOwnSessions() async throws {
        try await Harness.run { server in
            let first = try await server.login(#"{"user_id":5,"device":"phone"}"#)
            server.clock.advance(by: .seconds(1))
            let second = try await server.login(#"{"user_id":5}"#)
            let other = try await server.login(#"{"user_id":6}"#)
            let list = try await server.ask("GET", "/sessions", [Harness.bearer(second.access)])
            #expect(list.status == 200)
            #expect(list.body.contains(first.session) && list.body.contains(second.session) && !list.body.contains(other.session))
            let page = try await server.ask("GET", "/sessions?limit=1", [Harness.bearer(second.access)])
            #expect(page.member("next") == first.session)
            let next = try await server.ask("GET", "/sessions?limit=1&after=\(first.session)", [Harness.bearer(second.access)])
            #expect(next.body.contains(second.session) && next.body.contains(#""next":null"#))

            let strange = try await server.ask("DELETE", "/sessions/\(other.session)", [Harness.bearer(second.access)])
            let unknown = try await server.ask("DELETE", "/sessions/00000000-0000-7000-8000-000000000000", [Harness.bearer(second.access)])
            #expect(strange.status == 404 && strange.withoutDate == unknown.withoutDate)
            #expect(try await server.ask("DELETE", "/sessions/\(first.session)", [Harness.bearer(second.access)]).status == 200)
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(first.access)]).status == 401)
            #expect(try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(first.refresh)"}"#).status == 401)
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(other.access)]).status == 200)
        }
    }

    @Test func aListTellsWhatBecameOfASession() async throws {
        try await Harness.run(policy: SessionPolicy(refreshLifetime: .seconds(720 * 3600))) { server in
            let other = try await server.login(#"{"user_id":5,"device":"phone"}"#)
            server.clock.advance(by: .seconds(1))
            let own = try await server.login(#"{"user_id":5}"#)
            server.clock.advance(by: .milliseconds(90_250))
            let pair = try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(own.refresh)"}"#)
            server.clock.advance(by: .seconds(5))
            let list = try await server.ask("GET", "/sessions", [Harness.bearer(try #require(pair.member("access")))])
            // The clock of these tests begins at 2027-01-15T08:00:00Z.
            let first =
                #"{"session_id":"\#(other.session)","subject":"5","device":"phone","created_at":"2027-01-15T08:00:00.000Z","#
                + #""last_seen":"2027-01-15T08:00:00.000Z","ends_at":"2027-02-14T08:00:00.000Z","rotations":0,"current":false}"#
            let second =
                #"{"session_id":"\#(own.session)","subject":"5","created_at":"2027-01-15T08:00:01.000Z","#
                + #""last_seen":"2027-01-15T08:01:31.250Z","ends_at":"2027-02-14T08:00:01.000Z","rotations":1,"current":true}"#
            #expect(list.body == #"{"sessions":[\#(first),\#(second)],"next":null}"#)
        }
    }

    @Test func logoutOfAllEndsEverythingAndALoginAfterItWorks() async throws {
        try await Harness.run { server in
            let first = try await server.login(), second = try await server.login()
            #expect(try await server.ask("POST", "/logout?all=true", [Harness.bearer(first.access)]).status == 200)
            for token in [first.access, second.access] {
                #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(token)]).status == 401)
            }
            #expect(try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(second.refresh)"}"#).status == 401)
            let third = try await server.login()
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(third.access)]).status == 200)
        }
    }

    /// RFC 6750 section 3: no error code when no credentials were sent; one description for every reason (canon 29).
    @Test func refusalsOfAccessTokensHaveTheChallenge() async throws {
        try await Harness.run { server in
            let ended = try await server.login()
            _ = try await server.ask("POST", "/logout", [Harness.bearer(ended.access)])
            for (method, path) in [("GET", "/authenticate"), ("POST", "/logout"), ("GET", "/sessions"), ("DELETE", "/sessions/x")] {
                let bare = try await server.ask(method, path)
                #expect(bare.status == 401 && bare["WWW-Authenticate"] == #"Bearer realm="mintmark""#)
                #expect(try await server.ask(method, path, ["Authorization: Basic eDp5"]).withoutDate == bare.withoutDate)
                let made = try await server.ask(method, path, [Harness.bearer("a.b.c")])
                #expect(
                    made["WWW-Authenticate"] == #"Bearer realm="mintmark", error="invalid_token", error_description="The access token is not valid.""#
                )
                for token in [ended.access, String(ended.access.dropLast(2)) + "AA", "x", "a b", String(repeating: "x", count: 17_000)] {
                    let reply = try await server.ask(method, path, [Harness.bearer(token)])
                    #expect(reply.withoutDate == made.withoutDate)
                }
                let twice = try await server.ask(method, path, [Harness.bearer("a.b.c"), Harness.bearer("a.b.c")])
                #expect(twice.status == 400)
            }
        }
    }

    /// A token of the system before: under the secret of 32 bytes below, until 2030, without a session.
    @Test func aLegacyTokenAuthenticatesAndDoesNothingElse() async throws {
        let legacy =
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE5MDAwMDAwMDAsInVzZXJfaWQiOjd9.zAP2Jo0OBPTILS-OqNYnTMYx3gC623aDkJoldbg683k"
        let bearer = Harness.bearer(legacy), secret = Secret(Array("0123456789abcdef0123456789abcdef".utf8))
        try await Harness.run(configure: { $0.legacySecret = secret }) { server in
            for _ in 0..<3 {
                let reply = try await server.ask("GET", "/authenticate", [bearer])
                #expect(reply.status == 200 && reply.body == #"{"exp":1900000000,"user_id":7}"#)
            }
            for (method, path) in [("POST", "/logout"), ("POST", "/logout?all=true"), ("GET", "/sessions")] {
                #expect(try await server.ask(method, path, [bearer]).status == 401)
            }
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(legacy.dropLast(2) + "AA")]).status == 401)
        }
        try await Harness.run { server in
            let status = try await server.ask("GET", "/authenticate", [bearer]).status
            #expect(status == 401, "off unless configured")
        }
    }

    /// Canon 54.
    @Test func aTokenInTheQueryIsRefused() async throws {
        try await Harness.run { server in
            let access = try await server.login().access
            for name in ["access_token", "token", "Access_Token"] {
                #expect(try await server.ask("GET", "/authenticate?\(name)=\(access)").status == 400)
                #expect(try await server.ask("GET", "/authenticate?\(name)=\(access)", [Harness.bearer(access)]).status == 400)
            }
        }
    }

    @Test(arguments: [#"{"refresh":""}"#, #"{"refresh":"x"}"#, #"{"refresh":"mmr_AAAA"}"#]) func aMadeUpRefreshTokenIs401(_ body: String) async throws
    {
        try await Harness.run { server in
            let reply = try await server.ask("POST", "/refresh", body: body)
            #expect(reply.status == 401 && reply.member("error") == "invalid_token")
            #expect(reply["WWW-Authenticate"]?.contains("invalid_token") == true)
        }
    }

    @Test(arguments: ["{}", #"{"refresh":1}"#, #"{"refresh":null}"#, #"{"refresh":"a","refresh":"b"}"#, "", "x"]) func aMalformedRefreshIs400(
        _ body: String
    ) async throws {
        try await Harness.run { server in
            let status = try await server.ask("POST", "/refresh", body: body).status
            #expect(status == 400)
        }
    }

    @Test func badNumbersAndNamesInQueriesAre400() async throws {
        try await Harness.run { server in
            let bearer = Harness.bearer(try await server.login().access)
            for query in ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=1&limit=2", "after=x", "limit=%", "limit=%zz", "limit="] {
                #expect(try await server.ask("GET", "/sessions?\(query)", [bearer]).status == 400, "\(query)")
            }
            #expect(try await server.ask("POST", "/logout?all=yes", [bearer]).status == 400)
            #expect(try await server.ask("GET", "/authenticate", [bearer]).status == 200, "nothing was ended")
        }
    }

    @Test func aReusedRefreshTokenEndsItsSession() async throws {
        try await Harness.run { server in
            let login = try await server.login()
            let first = try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(login.refresh)"}"#)
            let second = try #require(first.member("refresh"))
            _ = try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(second)"}"#)
            #expect(try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(login.refresh)"}"#).status == 401)
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(login.access)]).status == 401)
        }
    }
}
