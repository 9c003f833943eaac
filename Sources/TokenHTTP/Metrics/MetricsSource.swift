/// Whoever has figures of its own for `/metrics`: the store, the keys, the relay.
///
/// Promises of an implementer: callable from any task, quick, and labels only from small sets of its own.
public protocol MetricsSource: Sendable {
    /// The figures now.
    func metrics() async -> [MetricFamily]
}

/// A metric with all its samples.
public struct MetricFamily: Sendable, Hashable {
    /// How figures are to be read.
    public enum Kind: String, Sendable, Hashable {
        /// Only ever rises.
        case counter
        /// Rises and falls.
        case gauge
        /// Cumulative counts by upper bound, with sum and count.
        case histogram
    }

    /// One figure.
    public struct Sample: Sendable, Hashable {
        /// A label's name and value.
        public struct Label: Sendable, Hashable {
            /// Such as `state`.
            public let name: String
            /// Such as `signing`.
            public let value: String

            /// A label.
            public init(_ name: String, _ value: String) {
                self.name = name
                self.value = value
            }
        }

        /// What a histogram's sample is called beyond its family: `_bucket`, `_sum`, `_count`; else empty.
        public let suffix: String
        /// What tells it from the others of its family.
        public let labels: [Label]
        /// The figure.
        public let value: Double

        /// A figure.
        public init(_ value: Double, suffix: String = "", labels: [Label] = []) {
            self.suffix = suffix
            self.value = value
            self.labels = labels
        }
    }

    /// With unit and, for counters, `_total`, as Prometheus names things.
    public let name: String
    /// One sentence.
    public let help: String
    /// How its figures are to be read.
    public let kind: Kind
    /// Its figures.
    public let samples: [Sample]

    /// A family.
    public init(_ name: String, _ kind: Kind = .gauge, help: String, samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }
}
