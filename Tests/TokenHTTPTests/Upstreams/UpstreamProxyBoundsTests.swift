import NIOCore
import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What one caller of a proxy, and all of them together, may take (canon 58).
struct UpstreamProxyBoundsTests {
    /// An API that answers when it is told to, with a body that ends when it is told to.
    private final class SlowAPI: UpstreamForwarder {
        let arrived = Mutex(0)
        let answers = Gate()
        /// Nil: the body ends at once.
        let pieces: Duration?

        init(pieces: Duration? = nil) { self.pieces = pieces }

        func forward(_ request: ForwardedRequest, with manager: TokenManager) async throws(ForwardingError) -> ForwardedResponse {
            arrived.withLock { $0 += 1 }
            if case .stream(let body, _) = request.body {
                do { for try await _ in body {} } catch { throw .unreachable("\(error)") }
            }
            await answers.passed()
            return ForwardedResponse(status: 200, headers: pieces == nil ? [("Content-Length", "0")] : [], body: Endless(pause: pieces))
        }
    }

    /// Opens once, for everybody.
    private final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        func passed() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private struct Endless: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        typealias Failure = any Error
        let pause: Duration?

        struct Iterator: AsyncIteratorProtocol {
            let pause: Duration?

            mutating func next() async throws -> ByteBuffer? {
                guard let pause else { return nil }
                try await Task.sleep(for: pause)
                return ByteBuffer(string: "more ")
            }
        }

        func makeAsyncIterator() -> Iterator { Iterator(pause: pause) }
    }

    private func run(
        _ api: SlowAPI, _ limits: @escaping @Sendable (inout Limits) -> Void, _ body: @Sendable @escaping (Harness) async throws -> Void
    ) async throws {
        let upstream = Mint("crm").upstream(.loopback)
        let proxy = UpstreamProxyPlace(base: "https://api.example", forwarder: api)
        let upstreams = Upstreams([Upstream(name: "crm", source: "closure", manager: upstream.manager, rules: upstream.rules, proxy: proxy)])
        try await Harness.run(upstreams: upstreams, configure: { limits(&$0.limits) }, body)
    }

    private func wait(until isSo: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !isSo(), .now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        #expect(isSo())
    }

    @Test("canon 58: one more than the bound is told to come again, and may when another has ended")
    func oneMoreThanTheBoundIs503() async throws {
        let api = SlowAPI()
        try await run(api, { $0.proxied = 2 }) { server in
            async let first = server.ask("GET", "/upstreams/crm/proxy/1")
            async let second = server.ask("GET", "/upstreams/crm/proxy/2")
            try await wait { api.arrived.withLock { $0 } == 2 }
            let third = try await server.ask("POST", "/upstreams/crm/proxy/3", body: "{}")
            #expect(third.status == 503 && third["Retry-After"] == "1" && third.body.contains("temporarily_unavailable"), "\(third.body)")
            #expect(try await server.ask("GET", "/upstreams/crm/token").status == 200, "what is not sent on is not concerned")
            api.answers.open()
            let statuses = try await [first.status, second.status]
            #expect(statuses == [200, 200])
            // A place is given back when the answer has gone, which its reader may see a moment earlier.
            var fourth = try await server.ask("GET", "/upstreams/crm/proxy/4")
            let deadline = ContinuousClock.now + .seconds(10)
            while fourth.status == 503, .now < deadline { fourth = try await server.ask("GET", "/upstreams/crm/proxy/4") }
            #expect(fourth.status == 200)
        }
    }

    @Test func callerWhoLeavesGivesTheirPlaceBack() async throws {
        let api = SlowAPI()
        try await run(api, { $0.proxied = 1 }) { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("GET", "/upstreams/crm/proxy/1", []))
                try await wait { api.arrived.withLock { $0 } == 1 }
            }
            api.answers.open()
            var next = try await server.ask("GET", "/upstreams/crm/proxy/2")
            let deadline = ContinuousClock.now + .seconds(10)
            while next.status == 503, .now < deadline { next = try await server.ask("GET", "/upstreams/crm/proxy/2") }
            #expect(next.status == 200)
        }
    }

    @Test("canon 58: a body beyond the bound is refused, announced or not")
    func bodyBeyondTheBoundIs413() async throws {
        let api = SlowAPI()
        api.answers.open()
        try await run(api, { $0.proxiedBodyBytes = 70_000 }) { server in
            let announced = try await server.ask("POST", "/upstreams/crm/proxy/x", ["Content-Length: 70001"])
            #expect(announced.status == 413 && api.arrived.withLock { $0 } == 0)
            let reply = try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("POST", "/upstreams/crm/proxy/x", ["Transfer-Encoding: chunked"]))
                try await wire.send("11170\r\n" + String(repeating: "x", count: 70_000) + "\r\n1\r\nx\r\n0\r\n\r\n")
                return try await wire.reply()
            }
            #expect(reply.status == 413, "\(reply.body)")
            let whole = try await server.ask("POST", "/upstreams/crm/proxy/x", body: String(repeating: "x", count: 70_000))
            #expect(whole.status == 200)
        }
    }

    /// The caller sees that it is not the whole: the last chunk never comes.
    @Test("canon 58: an answer without end is cut, and its place given back")
    func answerWithoutEndIsCut() async throws {
        let api = SlowAPI(pieces: .milliseconds(5))
        api.answers.open()
        try await run(
            api,
            {
                $0.proxied = 1
                $0.proxiedTime = .milliseconds(300)
            }
        ) { server in
            for _ in 1...2 {
                let text = try await Wire.open(server.ports.main) { wire in
                    try await wire.send(Harness.request("GET", "/upstreams/crm/proxy/x"))
                    return try await wire.rest()
                }
                #expect(text.hasPrefix("HTTP/1.1 200 ") && text.contains("more ") && !text.hasSuffix("0\r\n\r\n"), "\(text)")
            }
            #expect(api.arrived.withLock { $0 } == 2)
        }
    }

    /// canon 23: whoever got it would show it without a proof, and be refused.
    @Test func boundTokenIsHandedToNobodyAndUsedByTheProxy() async throws {
        let api = SlowAPI()
        api.answers.open()
        let mint = Mint("crm").upstream(.loopback)
        let proxy = UpstreamProxyPlace(base: "https://api.example", forwarder: api)
        let bound = Upstream(name: "crm", source: "closure", manager: mint.manager, rules: mint.rules, isBound: true, proxy: proxy)
        try await Harness.run(upstreams: Upstreams([bound])) { server in
            _ = try await mint.manager.token()
            for _ in 1...2 {
                let reply = try await server.ask("GET", "/upstreams/crm/token")
                #expect(reply.status == 400 && reply.body.contains("/upstreams/crm/proxy/") && !reply.body.contains("crm-1"), "\(reply.body)")
            }
            #expect(try await server.administer("GET", "/upstreams/crm/token").status == 400)
            #expect(try await server.ask("GET", "/upstreams/crm/proxy/x").status == 200)
            let stranger = try await server.engine.createClient(name: "stranger")
            let refused = try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(stranger)])
            #expect(refused.status == 404, "who may not have it learns nothing")
        }
    }
}
