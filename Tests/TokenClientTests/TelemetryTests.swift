import InMemoryTracing
import Logging
import MetricsTestKit
import Synchronization
import Testing
import TokenCore
import Tracing

@testable import TokenClient

/// What is counted, traced and logged, and what is not.
struct TelemetryTests {
    @Test func fetchesFailuresAndWaitsAreCountedAndTraced() async throws {
        let metrics = TestMetrics()
        let tracer = InMemoryTracer()
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number == 2 { throw TokenSourceError(.status(500)) }
            return ScriptedSource.token(number)
        }
        let telemetry = TokenTelemetry("crm", nil, metrics: metrics, tracer: tracer)
        let manager = TokenManager(source: source, policy: UpstreamPolicy.Shared(.quick), telemetry: telemetry)
        manager.invalidate(try await manager.token())
        #expect(await eventually { manager.current?.number == 3 })
        let labels = [("upstream", "crm")]
        #expect(try metrics.expectCounter("mintmark_upstream_fetches_total", labels).totalValue == 3)
        #expect(try metrics.expectCounter("mintmark_upstream_failures_total", labels).totalValue == 1)
        #expect(try metrics.expectCounter("mintmark_upstream_invalidations_total", labels).totalValue == 1)
        #expect(try metrics.expectTimer("mintmark_upstream_fetch_seconds", labels).values.count == 3)
        #expect(try metrics.expectTimer("mintmark_upstream_wait_seconds", labels).values.count == 1)
        let spans = tracer.finishedSpans
        #expect(spans.map(\.operationName) == ["token fetch", "token fetch", "token fetch"])
        #expect(spans.map { $0.status?.code == .error } == [false, true, false])
    }

    /// canon 59: a token, whole or in part, stands in no log line, no error, no description and no span.
    @Test func noLogLineHasAToken() async throws {
        let lines = Lines()
        let tracer = InMemoryTracer()
        let logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number == 2 { throw TokenSourceError(.refused(OAuthRefusal(error: "invalid_client"))) }
            return IssuedToken("very-secret-\(number)", lifetime: .lasting(.seconds(number == 1 ? 3600 : 1)))
        }
        let telemetry = TokenTelemetry("crm", logger, metrics: TestMetrics(), tracer: tracer)
        let manager = TokenManager(source: source, policy: UpstreamPolicy.Shared(.quick), telemetry: telemetry)
        let token = try await manager.token()
        manager.invalidate(token)
        #expect(await eventually { manager.current?.number == 3 })
        let text = lines.all.withLock { $0.joined(separator: "\n") }
        #expect(text.contains("a token was fetched") && text.contains("a token was not fetched") && text.contains("not accepted any more"))
        let described = "\(token) \(String(reflecting: token)) \(manager) \(manager.status) \(manager.state.withLock { "\($0.rejected as Any)" })"
        var dumped = ""
        dump(token, to: &dumped)
        dump(manager.status, to: &dumped)
        let spans = tracer.finishedSpans.map { "\($0.attributes) \(String(describing: $0.status)) \($0.operationName)" }.joined()
        for words in [text, described, dumped, spans] { #expect(!words.contains("secret-")) }
    }
}

private final class Lines: Sendable {
    let all = Mutex<[String]>([])
}

private struct LineHandler: LogHandler {
    let lines: Lines
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.all.withLock { $0.append("\(event.message) \(event.metadata ?? [:]) \(event.error.map { "\($0)" } ?? "")") }
    }
}
