import TokenClient
import TokenCore

/// The figures of upstreams, for `/metrics`. Names come from the configuration; an upstream with narrowed scopes is told of as one.
struct UpstreamMetrics: MetricsSource {
    let upstreams: Upstreams
    let keeper: UpstreamKeeper

    func metrics() async -> [MetricFamily] {
        let all = upstreams.all.map { upstream in
            Figures(name: upstream.name, statuses: upstream.usedManagers.map(\.status), counts: keeper.counts(of: upstream.name))
        }
        return Self.happened(all) + [
            Self.gauge(
                all, "mintmark_upstream_token_age_seconds", "Time since the token of each upstream was fetched.", \.age),
            Self.gauge(
                all, "mintmark_upstream_token_expires_seconds", "Time until the token of each upstream ends; 0 while there is none.", \.expires),
            Self.gauge(all, "mintmark_upstream_waiters", "Callers that wait for a token of each upstream.", \.waiters),
        ]
    }

    /// What is told of one upstream.
    private struct Figures {
        let name: String
        let statuses: [TokenStatus]
        let counts: UpstreamCounts

        var fetches: Double { Double(statuses.reduce(0) { $0 + $1.fetches }) }
        var waiters: Double? { Double(statuses.reduce(0) { $0 + $1.waiting }) }
        var age: Double? { statuses.compactMap { $0.refreshedAgo }.max().map(Self.seconds) }
        /// Of several tokens the one that ends first; none for a token that does not end.
        var expires: Double? {
            if statuses.contains(where: { $0.token == nil && $0.fetches > 0 }) || statuses.isEmpty { return 0 }
            return statuses.compactMap { $0.token?.timeLeft }.min().map(Self.seconds)
        }

        private static func seconds(_ duration: Duration) -> Double { Double(duration.wholeMilliseconds) / 1000 }
    }

    private static func happened(_ all: [Figures]) -> [MetricFamily] {
        let counters: [(String, String, (Figures) -> Double)] = [
            ("fetches", "Requests for a token of each upstream that were begun.", \.fetches),
            ("failures", "Requests for a token of each upstream that brought none.", { Double($0.counts.failed) }),
            ("invalidations", "Tokens of each upstream that a caller rejected while they were current.", { Double($0.counts.invalidated) }),
            ("expiries", "Tokens of each upstream that ended before there was a newer one.", { Double($0.counts.expired) }),
        ]
        return counters.map { name, help, value in
            MetricFamily(
                "mintmark_upstream_\(name)_total", .counter, help: help,
                samples: all.map { MetricFamily.Sample(value($0), labels: [.init("upstream", $0.name)]) })
        }
    }

    private static func gauge(_ all: [Figures], _ name: String, _ help: String, _ value: (Figures) -> Double?) -> MetricFamily {
        MetricFamily(name, help: help, samples: all.compactMap { one in value(one).map { .init($0, labels: [.init("upstream", one.name)]) } })
    }
}
