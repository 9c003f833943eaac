/// What one turn of one contestant came to. Times in nanoseconds.
struct Figures: Sendable {
    var perSecond: Double
    var p50: Double
    var p99: Double
    var longest: Double
    /// Processor time of the server per right answer, in microseconds; nil where the system does not tell.
    var cpu: Double?
    /// Processor time of the other processes that had a part in it, each per right answer, in microseconds; empty where there are none.
    var besides: [Double?] = []
    /// Resident memory of the server at the end, in bytes.
    var resident: Double?
    /// The driver's own processor time per right answer, in microseconds: to see that it is not what is measured.
    var driverCPU: Double
}

/// The turns of one contestant.
struct Series: Sendable {
    private(set) var turns: [Figures] = []
    private(set) var failures: [String: Int] = [:]

    mutating func add(_ figures: Figures) {
        self.turns.append(figures)
    }

    /// Counts wrong answers.
    mutating func note(_ failures: [String: Int]) {
        self.failures.merge(failures, uniquingKeysWith: +)
    }

    /// The median of one figure over the turns; 0 without turns.
    func median(_ figure: KeyPath<Figures, Double>) -> Double {
        Spread(self.turns.map { $0[keyPath: figure] }).median
    }

    /// The same for a figure that may be missing.
    func median(_ figure: KeyPath<Figures, Double?>) -> Double? {
        let values = self.turns.compactMap { $0[keyPath: figure] }
        return values.isEmpty ? nil : Spread(values).median
    }

    /// Processor time per answer of one of the processes beside, in microseconds; nil where it is unknown.
    func besides(_ index: Int) -> Double? {
        let values = self.turns.compactMap { $0.besides.indices.contains(index) ? $0.besides[index] : nil }
        return values.isEmpty ? nil : Spread(values).median
    }

    func spread(_ figure: KeyPath<Figures, Double>) -> Spread {
        Spread(self.turns.map { $0[keyPath: figure] })
    }
}

/// The middle and the ends of some numbers.
struct Spread: Sendable, Equatable {
    let lowest: Double
    let median: Double
    let highest: Double

    /// - Parameter values: in any order; none at all gives zeros. Of an even number the upper middle one is the median.
    init(_ values: [Double]) {
        let sorted = values.sorted()
        self.lowest = sorted.first ?? 0
        self.median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        self.highest = sorted.last ?? 0
    }
}
