import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What a login takes and what it refuses.
@Suite struct LoginEndpointTests {
    @Test(arguments: [
        ("1", "1", "1"), ("0", "0", "0"), ("9007199254740991", "9007199254740991", "9007199254740991"), (#""1""#, "1", #""1""#),
        (#""alice""#, "alice", #""alice""#), (#""\u00e9""#, "é", #""é""#),
    ])
    func aUserIDComesBackAsGiven(_ given: String, _ sub: String, _ shown: String) async throws {
        try await Harness.run { server in
            let access = try await server.login(#"{"user_id":\#(given)}"#).access
            let claims = try await server.ask("GET", "/authenticate", [Harness.bearer(access)])
            #expect(claims.body.contains(#""sub":"\#(sub)""#))
            #expect(claims.body.contains(#""user_id":\#(shown)"#))
        }
    }

    /// Canon 56 and 22: issuer and audience are the configured ones, whatever name the server was called by.
    @Test(arguments: ["localhost", "localhost:1", "127.0.0.1:8080", "[::1]"]) func hostIsNeverTheIssuer(_ host: String) async throws {
        try await Harness.run { server in
            let body = #"{"user_id":1}"#
            let text = Harness.request("POST", "/login", body: body).replacing("Host: localhost", with: "Host: \(host)")
            let access = try #require(try await Wire.ask(server.ports.main, text).member("access"))
            let claims = try await server.ask("GET", "/authenticate", [Harness.bearer(access)])
            #expect(claims.member("iss") == Harness.issuer)
            #expect(claims.member("aud") == "api.example")
        }
    }

    static let badBodies: [String] = [
        "{}", #"{"user_id":1.0}"#, #"{"user_id":1e2}"#, #"{"user_id":-1}"#, #"{"user_id":9007199254740992}"#, #"{"user_id":true}"#,
        #"{"user_id":null}"#,
        #"{"user_id":""}"#, #"{"user_id":[1]}"#, #"{"user_id":"\#(String(repeating: "x", count: 256))"}"#, #"{"user_id":1,"user_id":1}"#,
        #"{"user_id":1,"user_id":2}"#, #"{"user_id":1"#, "", "null", "[1]", #"{"user_id":01}"#, #"{"user_id":1}x"#, "{\"user_id\":\"\u{1}\"}",
        #"{"user_id":1,"scope":"a  b"}"#, #"{"user_id":1,"scope":" a"}"#, #"{"user_id":1,"scope":"a\"b"}"#, #"{"user_id":1,"scope":"é"}"#,
        #"{"user_id":1,"scope":""}"#, #"{"user_id":1,"scope":["a"]}"#, #"{"user_id":1,"audience":1}"#, #"{"user_id":1,"audience":""}"#,
        #"{"user_id":1,"device":null}"#, #"{"user_id":1,"claims":[]}"#, #"{"user_id":1,"claims":"x"}"#, #"{"user_id":1,"claims":{"sub":"2"}}"#,
        #"{"user_id":1,"claims":{"\u0073ub":"2"}}"#, #"{"user_id":1,"claims":{"a":1,"a":2}}"#,
        #"{"user_id":1,"device":"\#(String(repeating: "x", count: 2049))"}"#,
        #"{"user_id":1,"device":"\#(String(repeating: "x", count: 1500))","claims":{"a":"\#(String(repeating: "x", count: 600))"}}"#,
        #"{"user_id":1,"scope":"\#(String(repeating: "x", count: 1500))","device":"\#(String(repeating: "x", count: 600))"}"#,
        #"{"user_id":1,"audience":"\#(String(repeating: "x", count: 1500))","device":"\#(String(repeating: "x", count: 600))"}"#,
        #"{"user_id":1,"claims":\#(String(repeating: #"{"a":"#, count: 40))1\#(String(repeating: "}", count: 40))}"#,
    ]

    @Test func whatIsMalformedIs400() async throws {
        try await Harness.run { server in
            for body in Self.badBodies {
                let reply = try await server.ask("POST", "/login", body: body)
                #expect(reply.status == 400 && reply.member("error") == "invalid_request", "\(body.prefix(80))")
                #expect(reply["Cache-Control"] == "no-store" && reply["Content-Type"] == "application/json")
            }
        }
    }

    @Test func scopeAudienceDeviceAndClaimsAreCarried() async throws {
        try await Harness.run { server in
            let body = #"{"user_id":"u","scope":"read write","audience":"other","device":"phone","claims":{"roles":["a"],"n":1.50,"o":{"sub":1}}}"#
            let access = try await server.login(body).access
            let claims = try await server.ask("GET", "/authenticate", [Harness.bearer(access)]).body
            for part in [#""scope":"read write""#, #""aud":"other""#, #""roles":["a"]"#, #""n":1.50"#, #""o":{"sub":1}"#] {
                #expect(claims.contains(part))
            }
            #expect(try await server.ask("GET", "/sessions", [Harness.bearer(access)]).body.contains(#""device":"phone""#))
        }
    }

    /// The bound is on what the token carries, where an escape takes up to six bytes; every token inside it is accepted.
    @Test(arguments: ["ES256", "ML-DSA-87"]) func whatIsIssuedIsAccepted(_ algorithm: String) async throws {
        try await Harness.run(algorithm: algorithm) { server in
            let subject = String(repeating: #"\u0001"#, count: 255)
            let text = String(repeating: #"\u0002"#, count: 341)
            let login = try await server.login(#"{"user_id":"\#(subject)","audience":"\#(text)"}"#)
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(login.access)]).status == 200)
            for body in [
                #"{"user_id":1,"audience":"\#(text)\u0002"}"#, #"{"user_id":1,"claims":{"a":"\#(text)"}}"#, #"{"user_id":1,"device":"\#(text)abc"}"#,
            ] {
                #expect(try await server.ask("POST", "/login", body: body).status == 400)
            }
        }
    }

    /// 2 KiB of scope, audience, device and claims together are taken, and not a byte more of any of them.
    @Test func theBoundIsOnAllOfThemTogether() async throws {
        @Sendable func body(_ lengths: [Int]) -> String {
            let text = lengths.map { String(repeating: "x", count: $0) }
            return #"{"user_id":1,"scope":"\#(text[0])","audience":"\#(text[1])","device":"\#(text[2])","claims":{"a":"\#(text[3])"}}"#
        }
        try await Harness.run { server in
            // The claim takes six bytes more: its name, the colon and its quotes.
            let whole = try await server.ask("POST", "/login", body: body([512, 512, 512, 506]))
            #expect(whole.status == 200)
            for longer in 0..<4 {
                var lengths = [512, 512, 512, 506]
                lengths[longer] += 1
                let reply = try await server.ask("POST", "/login", body: body(lengths))
                #expect(reply.status == 400)
            }
        }
    }

    /// Whatever the engine is given, it issues nothing that nobody would read, and begins no session for it.
    @Test func aTokenThatWouldBeTooLongIsNotIssued() async throws {
        try await Harness.run { server in
            let subject = try #require(Subject(text: "long"))
            let claims = Array(#""a":"\#(String(repeating: "x", count: 13_000))""#.utf8)
            await #expect(throws: OAuthError.self) {
                try await server.engine.login(LoginGrant.Request(subject: subject, attributes: .init(claims: claims)))
            }
            #expect(try await server.engine.sessions(of: subject, after: nil, limit: 10).sessions.isEmpty)
        }
    }

    /// Canon 55: nothing here is for scripts of other origins, and so nothing says that they may read it.
    @Test func noAnswerHasACORSField() async throws {
        try await Harness.run { server in
            let bearer = Harness.bearer(try await server.login().access)
            let origin = ["Origin: https://evil.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"]
            for port in [server.ports.main, server.ports.admin] {
                for method in ["GET", "POST", "OPTIONS", "DELETE"] {
                    for path in ["/authenticate", "/login", "/refresh", "/sessions", "/.well-known/jwks.json", "/ping", "/metrics", "/nowhere"] {
                        for fields in [origin, origin + [bearer]] {
                            let reply = try await Wire.ask(port, Harness.request(method, path, fields))
                            #expect(!reply.head.lowercased().contains("access-control-"), "\(method) \(path)")
                        }
                    }
                }
            }
        }
    }

    @Test func everyReservedClaimIsRefused() async throws {
        try await Harness.run { server in
            for name in ReservedClaims.bySource.flatMap(\.names) {
                let reply = try await server.ask("POST", "/login", body: #"{"user_id":1,"claims":{"\#(name)":1}}"#)
                #expect(reply.status == 400, "\(name)")
            }
        }
    }

    @Test func anotherContentTypeIsRefused() async throws {
        try await Harness.run(configure: { $0.login = .none }) { server in
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
                let text = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\nContent-Length: 13\r\n\r\n{\"user_id\":1}"
                let reply = try await Wire.ask(server.ports.main, text)
                #expect(reply.status == 400)
            }
        }
    }

    @Test(arguments: [["Origin: https://evil.example"], ["X-Forwarded-For: 1.2.3.4"], ["Via: 1.1 proxy"], ["Sec-Fetch-Site: same-origin"]])
    func aPageOrAProxyMayNotLogIn(_ fields: [String]) async throws {
        try await Harness.run { server in
            let reply = try await server.ask("POST", "/login", fields, body: #"{"user_id":1}"#)
            #expect(reply.status == 403 && reply.member("error") == "access_denied")
        }
    }

    /// Canon 18, 19: Basic, form-url-decoded, one way of authenticating.
    @Test func aClientLogsInWithItsSecret() async throws {
        try await Harness.run(configure: { $0.login = .client }) { server in
            let made = try await server.administer("POST", "/clients", body: #"{"name":"backend"}"#)
            let id = try #require(made.member("client_id")), secret = try #require(made.member("client_secret"))
            #expect(made.status == 201)
            let good = try await server.ask("POST", "/login", ["Authorization: Basic \(Self.base64("\(id):\(secret)"))"], body: #"{"user_id":1}"#)
            #expect(good.status == 200)
            let claims = try await server.ask("GET", "/authenticate", [Harness.bearer(try #require(good.member("access")))])
            #expect(claims.body.contains(#""client_id":"\#(id)""#))
            let escaped = id.map { $0 == "_" ? "%5F" : String($0) }.joined()
            #expect(
                try await server.ask("POST", "/login", ["Authorization: Basic \(Self.base64("\(escaped):\(secret)"))"], body: #"{"user_id":1}"#)
                    .status == 200)
            for bad in [
                [], ["Authorization: Basic \(Self.base64("\(id):wrong"))"], ["Authorization: Basic \(Self.base64("nobody:\(secret)"))"],
                ["Authorization: Basic !"], ["Authorization: Bearer \(secret)"],
            ] {
                let reply = try await server.ask("POST", "/login", bad, body: #"{"user_id":1}"#)
                #expect(reply.status == 401 && reply.member("error") == "invalid_client")
                #expect(reply["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
            }
            let basic = "Authorization: Basic \(Self.base64("\(id):\(secret)"))"
            for second in [basic, "Authorization: Bearer x"] {
                let twice = try await server.ask("POST", "/login", [basic, second], body: #"{"user_id":1}"#)
                #expect(twice.status == 400 && twice.member("error") == "invalid_request", "canon 18")
            }
            #expect(try await server.administer("DELETE", "/clients/\(id)").status == 200)
            let after = try await server.ask("GET", "/authenticate", [Harness.bearer(try #require(good.member("access")))])
            #expect(after.status == 401, "its sessions end with it")
        }
    }

    private static func base64(_ text: String) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var output = ""
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let group = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for index in 0..<4 { output.append(index <= part.count ? digits[group >> (18 - 6 * index) & 63] : "=") }
        }
        return output
    }
}
