import LoopbackServer
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// What a token endpoint may say, and what it is taken for.
@Suite("Answers of a token endpoint")
struct TokenAnswerTests {
    private func ask(_ answer: LoopbackServer.Answer?) async throws -> Result<IssuedToken, TokenSourceError> {
        try await LoopbackServer.run({ _ in answer }) { server in
            let source = ClientCredentialsSource.clientCredentials(tokenURL: server.tokenURL, clientID: "shop", secret: "very-secret")
            do throws(TokenSourceError) { return .success(try await source.fetchOnce()) } catch { return .failure(error) }
        }
    }

    @Test func tokenIsReadWhole() async throws {
        let token = try await ask(.token("at-1", expiresIn: 300, more: #","scope":"read write","x":{"deep":[1]}"#)).get()
        #expect(token.value.text == "at-1" && token.type == "Bearer" && token.scope == "read write")
        #expect(token.lifetime == .lasting(.seconds(300)))
    }

    @Test(
        "expires_in: an integer, its digits in a string, or nothing",
        arguments: [
            (#","expires_in":3600"#, TokenLifetime.lasting(.seconds(3600))), (#","expires_in":"3599""#, .lasting(.seconds(3599))),
            (#","expires_in":3600.0"#, .lasting(.seconds(3600))), (#","expires_in":0"#, .lasting(.zero)), (#","expires_in":null"#, .unstated),
            ("", .unstated), (#","expires_in":9223372036854775807"#, .lasting(.seconds(Int64.max))),
        ])
    func lifetimeIsRead(member: String, lifetime: TokenLifetime) async throws {
        #expect(try await ask(.json(200, #"{"access_token":"a","token_type":"bearer"\#(member)}"#)).get().lifetime == lifetime)
    }

    @Test(
        "what is no answer is not understood, and says why",
        arguments: [
            "", "hello", "[]", "{", #"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#, #"{"token_type":"Bearer"}"#,
            #"{"access_token":"","token_type":"Bearer"}"#, #"{"access_token":1,"token_type":"Bearer"}"#, #"{"access_token":"a"}"#,
            #"{"access_token":"a","token_type":"mac"}"#, #"{"access_token":"a\r\nX: 1","token_type":"Bearer"}"#,
            #"{"access_token":"a b","token_type":"Bearer"}"#, #"{"access_token":"ä","token_type":"Bearer"}"#,
            #"{"access_token":"a","token_type":"Bearer","expires_in":-1}"#, #"{"access_token":"a","token_type":"Bearer","expires_in":1.5}"#,
            #"{"access_token":"a","token_type":"Bearer","expires_in":"soon"}"#, #"{"access_token":"a","token_type":"Bearer","scope":["x"]}"#,
            #"{"access_token":"a","token_type":"Bearer","refresh_token":7}"#, #"{"access_token":"a","token_type":"DPoP"}"#,
            "<html>Sign in</html>",
        ])
    func garbageIsNotUnderstood(body: String) async throws {
        let result = try await ask(.json(200, body))
        #expect(throws: TokenSourceError.self) { try result.get() }
        if case .failure(let error) = result {
            guard case .notUnderstood(let why) = error.reason else { Issue.record("\(error)"); return }
            #expect(!why.isEmpty && !error.isFinal && !"\(error)".contains("very-secret"))
        }
    }

    @Test(
        "a refusal is the server's own words, whatever the status",
        arguments: [(400, "invalid_scope"), (401, "invalid_client"), (403, "unauthorized_client"), (500, "server_error"), (200, "bad_code")])
    func refusalIsInTheServersWords(status: Int, error: String) async throws {
        let body = #"{"error":"\#(error)","error_description":"Not today.","error_uri":"https://as.example/why"}"#
        let refusal = OAuthRefusal(error: error, description: "Not today.", uri: "https://as.example/why", status: status)
        await #expect(throws: TokenSourceError(.refused(refusal))) { try await ask(.json(status, body)).get() }
        #expect(refusal.isFinal == (status != 500))
    }

    @Test("canon 59: what was sent never comes back in an error, and an error is one line")
    func secretIsNotRepeated() async throws {
        let body = #"{"error":"invalid_client","error_description":"The secret very-secret of shop\nis wrong."}"#
        let refusal = OAuthRefusal(error: "invalid_client", description: "The secret Secret(…) of shop is wrong.", status: 401)
        await #expect(throws: TokenSourceError(.refused(refusal))) { try await ask(.json(401, body)).get() }
    }

    @Test("statuses without an OAuth error", arguments: [301, 302, 307, 400, 404, 418, 429, 500, 502, 503])
    func otherStatusIsItself(status: Int) async throws {
        let answer = LoopbackServer.Answer(status, "<html>no</html>", headers: [("Location", "http://127.0.0.1:1/stolen")])
        await #expect(throws: TokenSourceError(.status(status))) { try await ask(answer).get() }
    }

    @Test(
        "Retry-After: seconds, or a date counted from the server's own clock",
        arguments: [
            ([("Retry-After", "7")], Duration.seconds(7)), ([("Retry-After", "0")], .zero),
            ([("Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")], .seconds(10)),
            ([("Retry-After", "Sunday, 06-Nov-94 08:50:37 GMT"), ("Date", "Sun, 06 Nov 2094 08:49:37 GMT")], .seconds(60)),
            ([("Retry-After", "Sun Nov  6 08:49:39 1994"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")], .seconds(2)),
            ([("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], .zero), ([("Retry-After", "99999999999999999999")], .seconds(31_536_000)),
        ])
    func retryAfterIsHonoured(headers: [(String, String)], pause: Duration) async throws {
        await #expect(throws: TokenSourceError(.status(503), retryAfter: pause)) { try await ask(.init(503, headers: headers)).get() }
        let refusal = OAuthRefusal(error: "slow_down", status: 429)
        await #expect(throws: TokenSourceError(.refused(refusal), retryAfter: pause)) {
            try await ask(.json(429, #"{"error":"slow_down"}"#, headers: headers)).get()
        }
    }

    @Test("what is no Retry-After is none", arguments: ["soon", "-1", "1.5", "", "Sun, 31 Feb 2026 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 CET"])
    func otherRetryAfterIsNone(text: String) async throws {
        await #expect(throws: TokenSourceError(.status(503))) { try await ask(.init(503, headers: [("Retry-After", text)])).get() }
    }

    @Test func connectionThatBreaksIsUnreachable() async throws {
        let result = try await ask(nil)
        guard case .failure(let error) = result, case .unreachable = error.reason else { Issue.record("\(result)"); return }
        #expect(!error.isFinal)
    }

    @Test func serverThatHangsEndsWithTheTimeout() async throws {
        try await LoopbackServer.run({ _ in .init(200, #"{"access_token":"#, ends: false) }) { server in
            let source = ClientCredentialsSource.clientCredentials(tokenURL: server.tokenURL, clientID: "shop", secret: "very-secret")
            let clock = ContinuousClock()
            let begun = clock.now
            await #expect(throws: TokenSourceError(.unreachable("127.0.0.1 did not answer in time."))) {
                try await source.fetchOnce(within: .milliseconds(200))
            }
            #expect(clock.now - begun < .seconds(5))
        }
    }

    @Test("canon 58: an answer of more than 256 KiB is refused")
    func answerIsBounded() async throws {
        let padding = String(repeating: "x", count: 262_144)
        let result = try await ask(.json(200, #"{"access_token":"a","token_type":"Bearer","padding":"\#(padding)"}"#))
        #expect(throws: TokenSourceError(.notUnderstood("The answer has more than 262144 bytes."))) { try result.get() }
    }

    @Test("plain http to another machine and what is no URL cannot be meant", arguments: ["http://192.0.2.1/token", "ftp://x/", "/token", ""])
    func otherURLIsMisconfigured(url: String) async throws {
        let source = ClientCredentialsSource.clientCredentials(tokenURL: url, clientID: "shop", secret: "very-secret")
        await #expect { try await source.fetchOnce() } throws: { error in
            guard case .misconfigured = (error as? TokenSourceError)?.reason else { return false }
            return (error as? TokenSourceError)?.isFinal == true
        }
    }
}
