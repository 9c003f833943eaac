import HTTPTypes
import TokenCore
import TokenEngine

/// `GET /metrics`: everything that is counted here, for Prometheus. What loops count for themselves is gathered now.
struct MetricsEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/metrics"
    /// Nil where there are no sessions.
    let engine: TokenEngine?
    let loops: EventLoops
    let requests: RequestMetrics
    let share: WorkShare
    /// Further families, of the store and the keys.
    let sources: [any MetricsSource]

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        var text = PrometheusText()
        let loops = await loops.onAll { LoopFigures($0) }
        writeRequests(to: &text, loops)
        writeTokens(to: &text)
        writeLoops(to: &text, loops)
        for source in sources {
            for family in await source.metrics() {
                text.family(family.name, family.kind, family.help)
                for sample in family.samples { text.sample(family.name + sample.suffix, sample.labels.map { ($0.name, $0.value) }, sample.value) }
            }
        }
        return .text(text.text, type: PrometheusText.mediaType)
    }

    private func writeRequests(to text: inout PrometheusText, _ loops: [LoopFigures]) {
        var (rows, latency) = requests.all
        for loop in loops {
            rows[.init(route: "/authenticate", status: 200), default: 0] += loop.counts.accepted
            rows[.init(route: "/authenticate", status: 401), default: 0] += loop.counts.refused
            rows[.init(route: "/ping", status: 200), default: 0] += loop.counts.pongs
            if loop.counts.upstreamTokens > 0 {
                rows[.init(route: UpstreamTokenEndpoint.path, status: 200), default: 0] += loop.counts.upstreamTokens
            }
            latency["fast_lane", default: Histogram()].add(loop.latency)
        }
        text.family("mintmark_http_requests_total", .counter, "Requests answered, by route and status.")
        for (row, count) in rows.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }) {
            text.sample("mintmark_http_requests_total", [("route", row.route), ("status", String(row.status))], count)
        }
        text.family(
            "mintmark_http_request_duration_seconds", .histogram,
            "Time from a request's head to its answer, by route; fast_lane is what event loops answered by themselves.")
        for (route, histogram) in latency.sorted(by: { $0.key < $1.key }) {
            text.histogram("mintmark_http_request_duration_seconds", [("route", route)], histogram)
        }
    }

    private func writeTokens(to text: inout PrometheusText) {
        guard let counts = engine?.counters.all else { return }
        let families: [(Event.Name, String, String)] = [
            (.issued, "issued", "Sessions begun."), (.refreshed, "refreshed", "Refresh tokens exchanged."),
            (.refreshRetried, "retried", "Refreshes retried inside the grace window."),
            (.reuseDetected, "reused", "Rotated refresh tokens that came back and ended their session."),
            (.revoked, "revoked", "Sessions, or everything of a subject, ended by order."),
        ]
        for (event, name, help) in families {
            text.family("mintmark_tokens_\(name)_total", .counter, help)
            text.sample("mintmark_tokens_\(name)_total", [], counts[event] ?? 0)
        }
    }

    private func writeLoops(to text: inout PrometheusText, _ loops: [LoopFigures]) {
        let gauges: [(String, String, Int)] = [
            ("mintmark_http_connections", "Open HTTP/1 connections.", loops.reduce(0) { $0 + $1.connections }),
            ("mintmark_http_work_in_progress", "Requests at work or waiting for it.", share.inProgress),
            ("mintmark_cached_tokens", "Verified tokens remembered, over all loops.", loops.reduce(0) { $0 + $1.cachedTokens }),
            ("mintmark_revocations_live", "Revocations that every loop enforces.", loops.map(\.revocations).max() ?? 0),
        ]
        for (name, help, value) in gauges {
            text.family(name, .gauge, help)
            text.sample(name, [], value)
        }
    }
}

/// What a loop has counted, copied.
private struct LoopFigures: Sendable {
    let counts: FastCounts
    let latency: Histogram
    let connections: Int
    let cachedTokens: Int
    let revocations: Int

    init(_ state: LoopState) {
        counts = state.counts
        latency = state.latency
        connections = state.connections
        cachedTokens = state.cachedTokens
        revocations = state.revocations
    }
}
