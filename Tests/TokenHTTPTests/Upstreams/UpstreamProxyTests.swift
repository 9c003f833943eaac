import HTTPTypes
import NIOCore
import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What goes on to an API through an upstream's proxy, and what does not.
struct UpstreamProxyTests {
    /// An API that remembers what came, and answers with what a test says.
    private final class API: UpstreamForwarder {
        let seen = Mutex<[ForwardedRequest]>([])
        let answer: @Sendable (AccessToken) -> ForwardedResponse

        init(_ answer: @escaping @Sendable (AccessToken) -> ForwardedResponse) { self.answer = answer }

        func forward(_ request: ForwardedRequest, with manager: TokenManager) async throws(ForwardingError) -> ForwardedResponse {
            seen.withLock { $0.append(request) }
            do { return answer(try await manager.token()) } catch { throw .unreachable("\(error)") }
        }
    }

    private struct Body: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        typealias Failure = any Error
        let text: String

        struct Iterator: AsyncIteratorProtocol {
            var rest: [ByteBuffer]
            mutating func next() async throws -> ByteBuffer? { rest.isEmpty ? nil : rest.removeFirst() }
        }

        func makeAsyncIterator() -> Iterator { Iterator(rest: text.map { ByteBuffer(string: String($0)) }) }
    }

    private static func upstreams(_ api: API) -> Upstreams {
        let upstream = Mint("crm").upstream(.loopback)
        let proxy = UpstreamProxyPlace(base: "https://api.crm.example/v1/", forwarder: api)
        return Upstreams([Upstream(name: "crm", source: "closure", manager: upstream.manager, rules: upstream.rules, proxy: proxy)])
    }

    @Test func requestGoesOnWithoutWhatWasForThisHop() async throws {
        let api = API { token in
            let headers = [
                ("Content-Type", "text/plain"), ("X-Token", "it is \(token.value)"), ("Connection", "X-Hop, keep-alive"), ("X-Hop", "1"),
                ("Keep-Alive", "timeout=5"), ("Content-Length", "5"), ("Location", "https://elsewhere.example/"),
            ]
            return ForwardedResponse(status: 302, headers: headers, body: Body(text: "moved"))
        }
        try await Harness.run(upstreams: Self.upstreams(api)) { server in
            let fields = ["Connection: X-Mine", "X-Mine: 1", "TE: trailers", "X-Kept: 2", "DPoP: x", "Proxy-Authorization: Basic eA=="]
            let reply = try await server.ask("POST", "/upstreams/crm/proxy/things/1?a=%2F&b", fields, body: #"{"x":1}"#)
            #expect(reply.status == 302 && reply.body == "moved")
            #expect(reply["Location"] == "https://elsewhere.example/", "the caller follows it, or not; the token is not sent there")
            #expect(!reply.head.contains("crm-1") && reply["X-Hop"] == nil && reply["Keep-Alive"] == nil)
            let sent = try #require(api.seen.withLock { $0.first })
            #expect(sent.url == "https://api.crm.example/v1/things/1?a=%2F&b" && sent.method == "POST")
            #expect(sent.headers.map(\.name) == ["X-Kept", "Content-Type", "Via"], "\(sent.headers)")
            guard case .whole(let body) = sent.body else { throw Harness.HarnessError.noAnswer("no body") }
            #expect(String(buffer: body) == #"{"x":1}"#)
        }
    }

    @Test func callersWhoMayNotHaveTheTokenMayNotUseItEither() async throws {
        let api = API { _ in ForwardedResponse(status: 200, headers: [], body: Body(text: "")) }
        try await Harness.run(upstreams: Self.upstreams(api)) { server in
            let page = try await server.ask("GET", "/upstreams/crm/proxy/x", ["Origin: https://evil.example"])
            let stranger = try await server.engine.createClient(name: "stranger")
            let client = try await server.ask("GET", "/upstreams/crm/proxy/x", [Harness.basic(stranger)])
            let nothing = try await server.ask("GET", "/upstreams/none/proxy/x")
            #expect([page.status, client.status, nothing.status] == [401, 404, 404])
            #expect(api.seen.withLock { $0.isEmpty })
        }
    }

    @Test(
        "a path that could be read in two ways is refused",
        arguments: [
            "/../x", "/a/..", "/a/./b", "/%2e%2e/x", "/%2E/x", "/a%2fb", "/a%5Cb", "/a\\b", "/a//b", "/..;x/b", "/%", "/%0", "/%zz", "/%00", "/%252e",
            "/a%3bb",
        ])
    func pathThatCouldBeReadInTwoWaysIsRefused(path: String) async throws {
        #expect(ProxyTarget.isOne("/upstreams/crm/proxy" + path))
        #expect(ProxyTarget("/upstreams/crm/proxy" + path) == nil)
    }

    @Test func pathsThatAreReadInOneWayGoOnAsTheyAre() {
        for path in ["/", "/a", "/a/", "/a/b.c/...d", "/a%20b?x=../..&y=%2e%2F", "/a;v=1/b", "/~x/-_"] {
            #expect(ProxyTarget("/upstreams/crm/proxy" + path)?.rest == path)
        }
        for other in ["/upstreams/crm/proxy", "/upstreams/crm/proxyx/a", "/upstreams//proxy/a", "/upstreams/crm?/proxy/a", "/pools/crm/proxy/a"] {
            #expect(!ProxyTarget.isOne(other), "\(other)")
        }
    }

    @Test func requestThatWouldShowTheTokenIsNotSentOn() async throws {
        let api = API { _ in ForwardedResponse(status: 200, headers: [], body: Body(text: "")) }
        try await Harness.run(upstreams: Self.upstreams(api)) { server in
            let trace = try await server.ask("TRACE", "/upstreams/crm/proxy/x")
            #expect(trace.status == 400 && api.seen.withLock { $0.isEmpty })
        }
    }
}
