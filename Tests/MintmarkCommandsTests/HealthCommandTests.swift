import LoopbackServer
import Testing
import TokenTransport

@testable import MintmarkCommands

@Suite("mintmark health")
struct HealthCommandTests {
    private static let readiness = #"{"status":"ready","store":"ok","signing_key":"ok","clock":"ok"}"#

    /// Runs the command against a listener that answers as told.
    private func against(
        _ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer?, port key: String = "metrics.port",
        _ options: String...
    ) async throws -> (ran: Ran, requests: [LoopbackServer.Request]) {
        try await LoopbackServer.run(answer) { server in
            (await run(["health", "--set", "\(key)=\(server.port)"] + options), server.requests)
        }
    }

    @Test func serverThatServesIsZero() async throws {
        let (ran, requests) = try await against { _ in .init(200, #"{"status":"ok"}"#) }
        #expect(ran.status == 0 && ran.output == "ok\n" && ran.complaints.isEmpty)
        #expect(requests.map(\.target) == ["/healthz"])
        #expect(requests.first?.headers["authorization"] == nil)
    }

    @Test func readinessIsAskedForByItsFlag() async throws {
        let (ran, requests) = try await against({ _ in .init(200, Self.readiness) }, "--ready")
        #expect(ran.status == 0 && ran.output == "ready\n")
        #expect(requests.map(\.target) == ["/readyz"])
    }

    @Test func whatIsNotRightIsNamedOnOneLine() async throws {
        let body = #"{"status":"not_ready","store":"cannot_write","signing_key":"ok","clock":"behind"}"#
        let (ran, requests) = try await against({ _ in .init(503, body) }, "--ready")
        #expect(ran.status == 69 && ran.output.isEmpty && requests.count == 1)
        #expect(ran.complaints.hasSuffix("/readyz says: not_ready, store: cannot_write, clock: behind\n"))
        #expect(ran.complaints.split(separator: "\n").count == 1)
    }

    @Test func serverThatCanDoAPartOfItsWorkIsReadyAndSaysWhichItCannot() async throws {
        let (ran, _) = try await against({ _ in .init(200, #"{"status":"ready","degraded":"issuing"}"#) }, "--ready")
        #expect(ran.status == 0 && ran.output == "ready, degraded: issuing\n")
    }

    @Test(arguments: ["", "<html>", "[]", "{}", #"{"status":3}"#, #"{"status":"\u001b[2J"}"#])
    func anotherProgramAtThePortIsNotHealthy(body: String) async throws {
        let (ran, _) = try await against { _ in .init(200, body) }
        #expect(ran.status == 69 && ran.complaints.contains("nothing that Mintmark says") && !ran.complaints.contains("\u{1B}"))
    }

    @Test func redirectIsNotFollowed() async throws {
        let (ran, requests) = try await against { _ in .init(302, #"{"status":"ok"}"#, headers: [("Location", "/other")]) }
        #expect(ran.status == 69 && requests.count == 1)
    }

    @Test func nobodyAtThePortIs69() async throws {
        let port = try await LoopbackServer.run({ _ in nil }) { $0.port }
        let ran = await run("health", "--set", "metrics.port=\(port)")
        #expect(ran.status == 69 && ran.complaints.contains("http://127.0.0.1:\(port)/healthz does not answer"))
    }

    @Test func adminListenerAnswersWhereProbesHaveNoneOfTheirOwn() async throws {
        let (ran, requests) = try await against({ _ in .init(200, #"{"status":"ok"}"#) }, port: "admin.port")
        #expect(ran.status == 0 && requests.count == 1)
    }

    /// What is asked is on loopback, whatever the listener's own address is.
    @Test(arguments: [
        ("127.0.0.1", "http://127.0.0.1:9100/healthz"), ("localhost", "http://localhost:9100/healthz"), ("0.0.0.0", "http://127.0.0.1:9100/healthz"),
        ("::", "http://[::1]:9100/healthz"), ("::1", "http://[::1]:9100/healthz"), ("127.0.0.9", "http://127.0.0.9:9100/healthz"),
        ("10.0.0.5", "http://127.0.0.1:8081/healthz"), ("pod.example", "http://127.0.0.1:8081/healthz"),
    ])
    func theListenerThatIsAskedIsOnLoopback(host: String, url: String) throws {
        let settings = try ConfigurationSources(environment: [:], flags: ["metrics.host=\(host)", "metrics.port=9100"]).load().settings
        #expect(try Probe(settings, path: "/healthz").url == WebURL(url))
    }

    @Test func portThatNobodyKnowsIs64AndABadConfiguration78() async {
        let unknown = await run("health", "--set", "metrics.port=0")
        #expect(unknown.status == 64 && unknown.complaints.contains("metrics.port"))
        #expect(await run("health", "--set", "metrics.port=x").status == 78)
    }
}
