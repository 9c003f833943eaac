/// One part of the benchmark, which starts the servers that it needs and ends them.
protocol Job: Sendable {
    /// How `--only` calls it.
    var name: String { get }
    /// What it measures, in a line.
    var summary: String { get }

    /// Whether it runs only where it is asked for.
    var isExtra: Bool { get }

    /// - Throws: if it cannot run at all. Wrong answers are failures in its rows.
    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row]
}

extension Job {
    var isExtra: Bool { false }
}

/// Anything that can have its turn.
protocol Runner: Sendable {
    /// Runs once, closed loop.
    func turn(_ settings: BenchSettings) async throws(BenchError)
}

extension Contestant: Runner {
    func turn(_ settings: BenchSettings) async throws(BenchError) {
        try await self.turn(settings.turn, warmUp: settings.warmUp)
    }
}

/// Lets each have its turn, as often as the settings say. Each round begins with another one, so that nobody always comes
/// after the same neighbour.
func alternate(_ runners: [any Runner], _ settings: BenchSettings) async throws(BenchError) {
    for round in 0..<settings.rounds {
        for index in runners.indices {
            try await runners[(index + round) % runners.count].turn(settings)
        }
    }
}
