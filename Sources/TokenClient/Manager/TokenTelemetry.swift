import Logging
import Metrics
import TokenCore
import Tracing

/// What managers of one name tell logs, metrics and traces. No secret passes here, and nothing that users send becomes a label.
final class TokenTelemetry: Sendable {
    let name: String
    private let logger: Logger
    /// Nil: the process's, as it is when a span begins.
    private let tracer: (any Tracer)?
    private let fetches: Counter
    private let failures: Counter
    private let invalidations: Counter
    private let expiries: Counter
    private let fetchTime: Metrics.Timer
    private let waitTime: Metrics.Timer

    init(_ name: String, _ logger: Logger?, metrics: any MetricsFactory = MetricsSystem.factory, tracer: (any Tracer)? = nil) {
        self.name = name
        self.tracer = tracer
        self.logger = logger ?? Logger(label: "mintmark.token-client", factory: { _ in SwiftLogNoOpLogHandler() })
        let labels = [("upstream", name)]
        fetches = Counter(label: "mintmark_upstream_fetches_total", dimensions: labels, factory: metrics)
        failures = Counter(label: "mintmark_upstream_failures_total", dimensions: labels, factory: metrics)
        invalidations = Counter(label: "mintmark_upstream_invalidations_total", dimensions: labels, factory: metrics)
        expiries = Counter(label: "mintmark_upstream_expiries_total", dimensions: labels, factory: metrics)
        fetchTime = Metrics.Timer(label: "mintmark_upstream_fetch_seconds", dimensions: labels, factory: metrics)
        waitTime = Metrics.Timer(label: "mintmark_upstream_wait_seconds", dimensions: labels, factory: metrics)
    }

    /// Runs one fetch in a span of its own (OpenTelemetry: a client's), below the span of the caller who began it.
    func span(_ fetch: @Sendable () async -> Result<IssuedToken, TokenSourceError>) async -> Result<IssuedToken, TokenSourceError> {
        let tracer = tracer ?? InstrumentationSystem.tracer
        return await tracer.withAnySpan("token fetch", ofKind: .client) { span in
            span.attributes["mintmark.upstream"] = name
            let result = await fetch()
            if case .failure(let error) = result { span.setStatus(SpanStatus(code: .error, message: "\(error)")) }
            return result
        }
    }

    func fetched(_ result: Result<IssuedToken, TokenSourceError>, after time: Duration) {
        fetches.increment()
        fetchTime.recordNanoseconds(Self.nanoseconds(time))
        if case .failure(let error) = result {
            failures.increment()
            logger.debug("a token was not fetched", metadata: ["upstream": "\(name)", "error": "\(error)"])
        }
    }

    func waited(_ time: Duration) { waitTime.recordNanoseconds(Self.nanoseconds(time)) }

    private static func nanoseconds(_ time: Duration) -> Int64 {
        let (seconds, attoseconds) = time.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    func note(_ notice: TokenManager.Machine.Notice) {
        switch notice {
        case .refreshed(let held):
            logger.debug("a token was fetched", metadata: ["upstream": "\(name)", "number": "\(held.number)"])
        case .failed: break
        case .invalidated(let number):
            invalidations.increment()
            logger.debug("a token is not accepted any more", metadata: ["upstream": "\(name)", "number": "\(number)"])
        case .expired(let number):
            expiries.increment()
            logger.debug("a token's time is over", metadata: ["upstream": "\(name)", "number": "\(number)"])
        }
    }
}
