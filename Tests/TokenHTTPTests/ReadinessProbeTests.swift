import Synchronization
import Testing
import TokenEngine

@testable import TokenHTTP

/// Whoever asks may ask as often as he likes: it costs one look a second.
@Suite struct ReadinessProbeTests {
    private let looks = Counter()

    private func probe() -> ReadinessProbe {
        ReadinessProbe { [looks] in
            let number = looks.next()
            await Task.yield()
            return TokenEngine.Readiness(storeFailure: number == 1 ? "full" : nil, canSign: true, clockIsBehind: false)
        }
    }

    @Test func aVerdictHoldsForASecond() async {
        let probe = probe(), now = ContinuousClock.now
        #expect(await probe.verdict(now: now).isReady == false)
        #expect(await probe.verdict(now: now + .milliseconds(999)).isReady == false)
        #expect(looks.count == 1)
        #expect(await probe.verdict(now: now + .seconds(1)).isReady)
        #expect(looks.count == 2)
    }

    @Test func manyAtOnceLookOnce() async {
        let probe = probe(), now = ContinuousClock.now
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<100 { tasks.addTask { _ = await probe.verdict(now: now) } }
        }
        #expect(looks.count == 1)
    }

    /// Each of the three reasons has its own word, and none of them hides another.
    @Test func aServerThatCannotSignSaysSo() async throws {
        try await Harness.run { server in
            let ready = try await Wire.ask(server.ports.admin, Harness.request("GET", "/readyz"))
            #expect(ready.status == 200 && ready.body == #"{"status":"ready","store":"ok","signing_key":"ok","clock":"ok"}"#)
        }
        try await Harness.run(signers: NoSigner()) { server in
            let reply = try await Wire.ask(server.ports.admin, Harness.request("GET", "/readyz"))
            #expect(reply.status == 503 && reply.body == #"{"status":"not_ready","store":"ok","signing_key":"missing","clock":"ok"}"#)
            let login = try await server.ask("POST", "/login", body: #"{"user_id":1}"#)
            #expect(login.status == 503 && login.member("error") == "temporarily_unavailable")
        }
    }

    /// A page must not reach the admin listener, by this machine's name or by its own; programs do, by every name of this machine.
    @Test func theAdminListenerIsForProgramsOnThisMachine() async throws {
        try await Harness.run(configure: { $0.metrics = .init(host: "127.0.0.1", port: 0) }) { server in
            let metrics = try #require(server.ports.metrics)
            let credential = "Authorization: Bearer \(Harness.adminToken)"
            for path in ["/healthz", "/readyz", "/metrics", "/keys"] {
                for host in ["localhost", "127.0.0.1:8081", "[::1]:8081"] {
                    #expect(try await Wire.ask(server.ports.admin, "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(credential)\r\n\r\n").status == 200)
                }
                for fields in [
                    "Host: evil.example", "Host: localhost\r\nOrigin: https://evil.example", "Host: localhost\r\nSec-Fetch-Site: cross-site",
                ] {
                    let reply = try await Wire.ask(server.ports.admin, "GET \(path) HTTP/1.1\r\n\(fields)\r\n\(credential)\r\n\r\n")
                    #expect(reply.status == 403 && reply.member("error") == "access_denied")
                }
            }
            #expect(try await Wire.ask(metrics, "GET /readyz HTTP/1.1\r\nHost: pod.example\r\n\r\n").status == 200)
        }
    }
}

/// Has no key.
private struct NoSigner: SignerSource {
    var signer: (any Signer)? { nil }
}

private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
