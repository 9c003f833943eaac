import AsyncHTTPClient
import JOSE
import LoopbackServer
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// Requests that carry a token, against servers that look at it.
@Suite("Requests with a token")
struct AuthorizedHTTPClientTests {
    /// A manager whose tokens are `t-1`, `t-2`, …, and how many there were.
    private final class Tokens: Sendable {
        let fetches = Mutex(0)
        func manager(type: String = "Bearer") -> TokenManager {
            var policy = UpstreamPolicy()
            policy.leastInterval = .zero
            let source = ClosureSource("tokens") { _ in
                let number = self.fetches.withLock {
                    $0 += 1; return $0
                }
                return IssuedToken("t-\(number)", type: type, lifetime: .lasting(.seconds(3600)))
            }
            return TokenManager(name: "tokens", source: source, policy: policy)
        }
        var count: Int { fetches.withLock { $0 } }
    }

    private static func url(_ server: LoopbackServer, _ target: String = "/", host: String = "127.0.0.1") -> String {
        "http://\(host):\(server.port)\(target)"
    }

    private static func shown(_ server: LoopbackServer) -> [String?] { server.requests.map { $0.headers["authorization"]?.first } }

    @Test func tokenIsShownAndTheAnswerStreams() async throws {
        try await LoopbackServer.run({ _ in .init(200, "hello") }) { server in
            let http = AuthorizedHTTPClient(Tokens().manager())
            var request = HTTPClientRequest(url: Self.url(server, "/a?b=c"))
            request.headers.add(name: "Authorization", value: "Basic of-the-caller")
            let response = try await http.execute(request)
            let body = String(buffer: try await response.body.collect(upTo: 100))
            #expect(response.status == .ok && body == "hello")
            #expect(server.requests.map(\.target) == ["/a?b=c"] && server.requests[0].headers["authorization"] == ["Bearer t-1"])
        }
    }

    @Test func requestIsSentOnceMoreAfterARefusedToken() async throws {
        try await LoopbackServer.run({ $0.headers["authorization"] == ["Bearer t-1"] ? .init(401) : .init(201, "done") }) { server in
            let http = AuthorizedHTTPClient(Tokens().manager())
            var request = HTTPClientRequest(url: Self.url(server))
            request.method = .POST
            request.body = .bytes(ByteBuffer(string: "order"))
            let response = try await http.execute(request)
            #expect(response.status == .created)
            #expect(Self.shown(server) == ["Bearer t-1", "Bearer t-2"] && server.requests.map(\.body) == [Array("order".utf8), Array("order".utf8)])
        }
    }

    @Test func refusalOfTheSecondTokenIsTheAnswer() async throws {
        try await LoopbackServer.run({ _ in .init(401, "no") }) { server in
            let tokens = Tokens()
            let response = try await AuthorizedHTTPClient(tokens.manager()).execute(HTTPClientRequest(url: Self.url(server)))
            #expect(response.status == .unauthorized && server.requests.count == 2)
        }
    }

    @Test func streamIsNotSentTwiceButTheTokenIsReplaced() async throws {
        try await LoopbackServer.run({ $0.headers["authorization"] == ["Bearer t-1"] ? .init(401) : .init(200) }) { server in
            let http = AuthorizedHTTPClient(Tokens().manager())
            var request = HTTPClientRequest(url: Self.url(server))
            request.method = .POST
            let parts = AsyncStream<ByteBuffer> {
                $0.yield(ByteBuffer(string: "once")); $0.finish()
            }
            request.body = .stream(parts, length: .known(Int64(4)))
            let first = try await http.execute(request, bodyCanBeSentAgain: false)
            let second = try await http.execute(HTTPClientRequest(url: Self.url(server)))
            #expect(first.status == .unauthorized && second.status == .ok)
            #expect(Self.shown(server) == ["Bearer t-1", "Bearer t-2"])
        }
    }

    @Test("fifty refusals of one token cause one fetch")
    func fiftyRefusalsCauseOneFetch() async throws {
        let arrived = Mutex(0)
        try await LoopbackServer.run({ request in
            arrived.withLock { $0 += 1 }
            return request.headers["authorization"] == ["Bearer t-1"] ? .init(401) : .init(200)
        }) { server in
            let tokens = Tokens()
            let http = AuthorizedHTTPClient(tokens.manager())
            let statuses = try await withThrowingTaskGroup(of: HTTPResponseStatus.self) { group in
                for _ in 0..<50 { group.addTask { try await http.execute(HTTPClientRequest(url: Self.url(server))).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count == 50 && statuses.allSatisfy { $0 == .ok })
            #expect(tokens.count == 2 && arrived.withLock { $0 } >= 51)
        }
    }

    @Test("a token never goes to another origin", arguments: [301, 302, 303, 307, 308])
    func tokenStaysAtItsOrigin(status: Int) async throws {
        try await LoopbackServer.run({ _ in .init(200, "elsewhere") }) { other in
            try await LoopbackServer.run({ _ in .init(status, headers: [("Location", Self.url(other, "/taken"))]) }) { server in
                let http = AuthorizedHTTPClient(Tokens().manager())
                var request = HTTPClientRequest(url: Self.url(server))
                request.headers.add(name: "Cookie", value: "session=1")
                let response = try await http.execute(request)
                #expect(response.status == .ok && other.requests.map(\.target) == ["/taken"])
                #expect(other.requests[0].headers["authorization"] == nil && other.requests[0].headers["cookie"] == nil)
            }
        }
    }

    @Test func tokenIsNotShownAgainOnTheWayBack() async throws {
        let home = Mutex("")
        try await LoopbackServer.run({ _ in .init(302, headers: [("Location", home.withLock { $0 } + "/back")]) }) { other in
            try await LoopbackServer.run({ request in
                request.target == "/" ? .init(302, headers: [("Location", Self.url(other))]) : .init(200)
            }) { server in
                home.withLock { $0 = "http://127.0.0.1:\(server.port)" }
                let response = try await AuthorizedHTTPClient(Tokens().manager()).execute(HTTPClientRequest(url: Self.url(server)))
                #expect(response.status == .ok && server.requests.map(\.target) == ["/", "/back"] && Self.shown(server) == ["Bearer t-1", nil])
            }
        }
    }

    @Test func hostOfAnotherNameIsAnotherOrigin() async throws {
        try await LoopbackServer.run({ request in
            request.target == "/"
                ? .init(302, headers: [("Location", "http://localhost:\(request.headers["host"]?[0].split(separator: ":")[1] ?? "")/x")])
                : .init(200)
        }) { server in
            let response = try await AuthorizedHTTPClient(Tokens().manager()).execute(HTTPClientRequest(url: Self.url(server)))
            #expect(response.status == .ok && Self.shown(server) == ["Bearer t-1", nil])
        }
    }

    @Test func redirectWithinTheOriginKeepsTheToken() async throws {
        try await LoopbackServer.run({ request in
            request.target == "/" ? .init(303, headers: [("Location", "/result#part")]) : .init(200, request.method)
        }) { server in
            var request = HTTPClientRequest(url: Self.url(server))
            request.method = .POST
            request.body = .bytes(ByteBuffer(string: "x"))
            let response = try await AuthorizedHTTPClient(Tokens().manager()).execute(request)
            let body = String(buffer: try await response.body.collect(upTo: 10))
            #expect(body == "GET")
            #expect(server.requests.map(\.target) == ["/", "/result"] && Self.shown(server) == ["Bearer t-1", "Bearer t-1"])
            #expect(server.requests[1].body.isEmpty)
        }
    }

    @Test func redirectsAreBoundedAndThenTheAnswer() async throws {
        try await LoopbackServer.run({ _ in .init(302, headers: [("Location", "/again")]) }) { server in
            let response = try await AuthorizedHTTPClient(Tokens().manager(), redirects: 3).execute(HTTPClientRequest(url: Self.url(server)))
            #expect(response.status == .found && server.requests.count == 4)
        }
    }

    @Test("a token goes nowhere over plain http", arguments: ["http://192.0.2.1/", "http://crm.example/", "http://127.0.0.1.crm.example/"])
    func tokenIsNotSentInTheClear(url: String) async throws {
        let tokens = Tokens()
        await #expect {
            try await AuthorizedHTTPClient(tokens.manager()).execute(HTTPClientRequest(url: url))
        } throws: { if case AuthorizedHTTPError.insecure = $0 { true } else { false } }
        #expect(tokens.count == 0)
    }

    @Test("a URL that others could read otherwise is refused", arguments: ["https://a@b/", "https://a\\b/", "https:///x", "file:///etc/passwd"])
    func doubtfulURLIsRefused(url: String) async throws {
        await #expect {
            try await AuthorizedHTTPClient(Tokens().manager()).execute(HTTPClientRequest(url: url))
        } throws: { if case AuthorizedHTTPError.url = $0 { true } else { false } }
    }

    @Test func missingTokenIsTheSourcesError() async throws {
        let failure = TokenSourceError(.refused(OAuthRefusal(error: "invalid_client", status: 401)))
        let manager = TokenManager(name: "none", source: ClosureSource("none") { _ in throw failure })
        await #expect {
            try await AuthorizedHTTPClient(manager).execute(HTTPClientRequest(url: "https://crm.example/"))
        } throws: { if case AuthorizedHTTPError.noToken(.failed(failure, _)) = $0 { true } else { false } }
    }

    @Test func serverThatHangsEndsWithTheTimeout() async throws {
        try await LoopbackServer.run({ _ in .init(200, ends: false) }) { server in
            let http = AuthorizedHTTPClient(Tokens().manager())
            let response = try await http.execute(HTTPClientRequest(url: Self.url(server)), timeout: .seconds(5))
            #expect(response.status == .ok)
        }
        let http = AuthorizedHTTPClient(
            TokenManager(
                name: "slow",
                source: ClosureSource("slow") { _ in
                    try await Task.sleep(for: .seconds(60))
                    return IssuedToken("late", lifetime: .unlimited)
                }))
        await #expect {
            try await http.execute(HTTPClientRequest(url: "https://crm.example/"), timeout: .milliseconds(50))
        } throws: { if case AuthorizedHTTPError.deadline = $0 { true } else { false } }
    }

    @Test("canon 23: a bound token goes with a proof of its key, and nowhere without one")
    func boundTokenGoesWithAProof() async throws {
        let prover = DPoPProver(try SigningKey.generate(.es256))
        try await LoopbackServer.run({ request in
            guard let proof = request.headers["dpop"]?.first, let jws = try? JWS(parsing: Array(proof.utf8)),
                let claims = try? JWTClaims(parsing: jws.payload), claims["ath"] == .string(Digest.sha256(Array("t-1".utf8)))
            else { return .init(400) }
            if claims["nonce"] == nil {
                return .init(401, headers: [("WWW-Authenticate", #"DPoP error="use_dpop_nonce""#), ("DPoP-Nonce", "n-1")])
            }
            return .init(claims["nonce"] == .string("n-1") && claims["htu"] == .string(Self.url(LoopbackPort(request), "/a")) ? 200 : 400)
        }) { server in
            let tokens = Tokens()
            let manager = tokens.manager(type: "DPoP")
            let response = try await AuthorizedHTTPClient(manager, prover: prover).execute(HTTPClientRequest(url: Self.url(server, "/a?b")))
            #expect(response.status == .ok && tokens.count == 1 && Self.shown(server) == ["DPoP t-1", "DPoP t-1"])
            await #expect {
                try await AuthorizedHTTPClient(manager).execute(HTTPClientRequest(url: Self.url(server)))
            } throws: { if case AuthorizedHTTPError.unusable("DPoP") = $0 { true } else { false } }
        }
    }

    /// The port that a request came to.
    private struct LoopbackPort {
        let port: String
        init(_ request: LoopbackServer.Request) { port = request.headers["host"]?.first?.split(separator: ":").last.map(String.init) ?? "" }
    }

    private static func url(_ port: LoopbackPort, _ target: String) -> String { "http://127.0.0.1:\(port.port)\(target)" }
}
