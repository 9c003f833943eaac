import TokenCore
import TokenEngine

/// The figures of pools, for `/metrics`: of `PoolFigures.mostPools` pools at most.
struct PoolMetrics: MetricsSource {
    let pools: TokenPools

    func metrics() async -> [MetricFamily] {
        let all = await pools.figures()
        return Self.standing(all) + Self.happened(all) + [
            Self.histogram(all, "mintmark_pool_wait_seconds", "How long claims waited in a queue that got what they wanted.", \.waits),
            Self.histogram(all, "mintmark_pool_hold_seconds", "How long tokens were held.", \.holds),
        ]
    }

    private static func standing(_ all: [PoolFigures]) -> [MetricFamily] {
        let states: [(String, (PoolStatistics) -> Int)] = [
            ("free", \.free), ("assigned", \.assigned), ("resting", \.resting), ("quarantined", \.quarantined),
        ]
        let tokens = all.flatMap { pool in
            states.map { state, count in
                MetricFamily.Sample(Double(count(pool.statistics)), labels: [.init("pool", pool.pool.text), .init("state", state)])
            }
        }
        let waiters = all.map { MetricFamily.Sample(Double($0.statistics.waiting), labels: [.init("pool", $0.pool.text)]) }
        return [
            MetricFamily("mintmark_pool_tokens", help: "Tokens of each pool, by what becomes of them.", samples: tokens),
            MetricFamily("mintmark_pool_waiters", help: "Claims that wait for tokens of each pool, on all instances.", samples: waiters),
        ]
    }

    private static func happened(_ all: [PoolFigures]) -> [MetricFamily] {
        let samples = all.flatMap { pool in
            PoolEvent.Kind.allCases.map { kind in
                MetricFamily.Sample(Double(pool.counts.events[kind] ?? 0), labels: [.init("pool", pool.pool.text), .init("event", "\(kind)")])
            }
        }
        return [MetricFamily("mintmark_pool_events_total", .counter, help: "What happened to tokens of each pool, as seen here.", samples: samples)]
    }

    private static func histogram(
        _ all: [PoolFigures], _ name: String, _ help: String, _ durations: (PoolFigures.Counts) -> PoolDurations
    ) -> MetricFamily {
        let samples = all.flatMap { pool -> [MetricFamily.Sample] in
            let durations = durations(pool.counts)
            let label = MetricFamily.Sample.Label("pool", pool.pool.text)
            var running: UInt64 = 0
            var samples: [MetricFamily.Sample] = []
            for (bound, count) in zip(PoolDurations.bounds, durations.counts) {
                running += count
                samples.append(.init(Double(running), suffix: "_bucket", labels: [label, .init("le", "\(bound)")]))
            }
            samples.append(.init(Double(durations.count), suffix: "_bucket", labels: [label, .init("le", "+Inf")]))
            samples.append(.init(durations.sum, suffix: "_sum", labels: [label]))
            samples.append(.init(Double(durations.count), suffix: "_count", labels: [label]))
            return samples
        }
        return MetricFamily(name, .histogram, help: help, samples: samples)
    }
}
