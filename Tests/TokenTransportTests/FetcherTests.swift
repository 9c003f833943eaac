import LoopbackServer
import NIOCore
import Synchronization
import Testing
import TokenCore

@testable import TokenTransport

/// canon 20 and 57: what is fetched for somebody else goes through the guard.
@Suite("Fetching within a policy")
struct FetcherTests {
    private let anywhere = FetchPolicy(reach: .anywhere)

    private func url(_ server: LoopbackServer, _ target: String = "/", host: String = "127.0.0.1") throws -> WebURL {
        try WebURL("http://\(host):\(server.port)\(target)")
    }

    @Test func answerComesBackWhole() async throws {
        try await LoopbackServer.run({ _ in .init(404, "not here", headers: [("X-A", "1"), ("x-a", "2")]) }) { server in
            let request = FetchRequest(try url(server, "/a?b"), method: "POST", headers: [("X-B", "3")], body: Array("hello".utf8))
            let response = try await Fetcher().send(request, policy: anywhere)
            #expect(response.status == 404 && response.body == Array("not here".utf8) && response.headers["x-a"] == "1")
            let seen = try #require(server.requests.first)
            #expect(seen.method == "POST" && seen.target == "/a?b" && seen.body == Array("hello".utf8))
            #expect(seen.headers["x-b"] == ["3"] && seen.headers["host"] == ["127.0.0.1:\(server.port)"])
        }
    }

    @Test(
        "canon 20: a stranger's URL reaches no private address",
        arguments: [
            "127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",
            "[2002:a00:1::]", "0.0.0.0", "[::]",
            "100.64.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "2130706433", "0x7f.1", "127.1", "localhost",
        ])
    func strangerReachesNoPrivateAddress(host: String) async throws {
        let request = FetchRequest(try WebURL("https://\(host)/"))
        await #expect { try await Fetcher().send(request, policy: FetchPolicy(reach: .publicInternet, deadline: .seconds(5))) } throws: {
            error in
            if case TransportError.forbidden(_, .notPublic) = error { true } else { false }
        }
    }

    @Test(
        "canon 20: public addresses are told from the special ones",
        arguments: [
            ("8.8.8.8", true), ("1.1.1.1", true), ("172.32.0.1", true), ("2606:4700::1111", true), ("2a00::1", true),
            ("172.31.255.255", false),
            ("::ffff:8.8.8.8", true), ("::ffff:127.0.0.1", false), ("2001:0:1::", false), ("::8.8.8.8", false),
        ])
    func publicAddressesAreKnown(text: String, isPublic: Bool) throws {
        #expect(PublicAddresses.contain(try #require(IPAddress(text))) == isPublic)
    }

    @Test func serverThatIsNotThereIsAPlainSentence() async throws {
        // Of the ports that are never given out, one that nothing listens on: a port just let go may be another test's by now.
        let request = FetchRequest(try WebURL("http://127.0.0.1:1/"))
        await #expect(throws: TransportError.unreachable(host: "127.0.0.1", detail: "Connection refused.")) {
            try await Fetcher().send(request, policy: anywhere)
        }
    }

    @Test("canon 57: one private address among public ones spoils the name")
    func oneBadAddressSpoilsTheName() async throws {
        let resolver = Resolver { _, _ in [IPAddress("8.8.8.8"), IPAddress("127.0.0.1")].compactMap(\.self) }
        let request = FetchRequest(try WebURL("https://mixed.example/"))
        await #expect(throws: TransportError.forbidden(host: "mixed.example", .notPublic("127.0.0.1"))) {
            try await Fetcher(resolver: resolver).send(request, policy: FetchPolicy(reach: .publicInternet))
        }
    }

    @Test("canon 57: the name is resolved once, and the connection goes where that answer said")
    func connectionGoesToTheAddressThatWasJudged() async throws {
        try await LoopbackServer.run({ _ in .init(200, "here") }) { server in
            let asked = Mutex(0)
            let resolver = Resolver { _, _ in
                asked.withLock { $0 += 1 }
                return [IPAddress("127.0.0.1")].compactMap(\.self)
            }
            let request = FetchRequest(try url(server, host: "no-such-name.invalid"))
            let response = try await Fetcher(resolver: resolver).send(request, policy: anywhere)
            #expect(response.status == 200 && asked.withLock { $0 } == 1)
            #expect(server.requests.first?.headers["host"] == ["no-such-name.invalid:\(server.port)"])
        }
    }

    @Test("canon 57: a redirect into a private network is not followed, not even for the operator")
    func redirectIntoPrivateNetworkIsNotFollowed() async throws {
        try await LoopbackServer.run({ request in
            request.target == "/" ? .init(302, headers: [("Location", "/secret")]) : .init(200, "secret")
        }) { server in
            let request = FetchRequest(try url(server))
            await #expect(throws: TransportError.forbidden(host: "127.0.0.1", .notPublic("127.0.0.1"))) {
                try await Fetcher().send(request, policy: anywhere)
            }
            #expect(server.requests.map(\.target) == ["/"])
        }
    }

    @Test(arguments: ["gopher://x/", "https://user@8.8.8.8/", "//8.8.8.8/"])
    func redirectToAnythingButAPlainURLIsRefused(location: String) async throws {
        try await LoopbackServer.run({ _ in .init(301, headers: [("Location", location)]) }) { server in
            let request = FetchRequest(try url(server))
            await #expect(throws: TransportError.url(location)) { try await Fetcher().send(request, policy: anywhere) }
        }
    }

    @Test func redirectOfAPostIsTheAnswer() async throws {
        try await LoopbackServer.run({ _ in .init(307, headers: [("Location", "/x")]) }) { server in
            let response = try await Fetcher().send(FetchRequest(try url(server), method: "POST", body: []), policy: anywhere)
            #expect(response.status == 307 && server.requests.count == 1)
        }
    }

    @Test func redirectsThatAreNotAllowedEndTheFetch() async throws {
        try await LoopbackServer.run({ _ in .init(302, headers: [("Location", "/")]) }) { server in
            let request = FetchRequest(try url(server))
            let policy = FetchPolicy(reach: .anywhere, redirects: 0)
            await #expect(throws: TransportError.tooManyRedirects(limit: 0)) { try await Fetcher().send(request, policy: policy) }
        }
    }

    @Test func plainHTTPGoesToThisMachineOnly() async throws {
        let resolver = Resolver { _, _ in [IPAddress("8.8.8.8")].compactMap(\.self) }
        let request = FetchRequest(try WebURL("http://example.com/"))
        await #expect(throws: TransportError.forbidden(host: "example.com", .clear)) {
            try await Fetcher(resolver: resolver).send(request, policy: anywhere)
        }
    }

    @Test("canon 57: a body above the limit is not taken")
    func bodyAboveTheLimitIsRefused() async throws {
        let exact = FetchPolicy(reach: .anywhere, largestBody: 1000)
        try await LoopbackServer.run({ request in .init(200, String(repeating: "x", count: request.target == "/" ? 1000 : 1001)) }) {
            server in
            #expect(try await Fetcher().send(FetchRequest(try url(server)), policy: exact).body.count == 1000)
            let long = FetchRequest(try url(server, "/long"))
            await #expect(throws: TransportError.tooLarge(limit: 1000)) { try await Fetcher().send(long, policy: exact) }
        }
    }

    @Test("canon 57: a body that never ends meets the deadline")
    func bodyThatNeverEndsMeetsTheDeadline() async throws {
        try await LoopbackServer.run({ _ in .init(200, "x", headers: [("Content-Length", "9")], ends: false) }) { server in
            let request = FetchRequest(try url(server))
            let policy = FetchPolicy(reach: .anywhere, deadline: .milliseconds(300))
            await #expect(throws: TransportError.deadline(host: "127.0.0.1")) { try await Fetcher().send(request, policy: policy) }
        }
    }

    @Test("canon 57: a name that does not resolve in time meets the deadline")
    func nameWithoutAddressIsSaid() async throws {
        let request = FetchRequest(try WebURL("https://nothing.example/"))
        await #expect(throws: TransportError.unresolved(host: "nothing.example")) {
            try await Fetcher(resolver: Resolver { _, _ in [] }).send(request, policy: anywhere)
        }
    }

    @Test func nextAddressIsTriedWhenOneRefuses() async throws {
        try await LoopbackServer.run({ _ in .init(200, "here") }) { server in
            let resolver = Resolver { _, _ in [IPAddress("127.0.0.2"), IPAddress("::1"), IPAddress("127.0.0.1")].compactMap(\.self) }
            let response = try await Fetcher(resolver: resolver).send(FetchRequest(try url(server, host: "localhost")), policy: anywhere)
            #expect(response.status == 200)
        }
    }
}
