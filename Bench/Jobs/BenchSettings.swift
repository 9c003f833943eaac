/// How much is measured. Three sizes: `quick` shows in a minute that every job works, `plain` is what `make bench` runs in
/// at most 15 minutes, `full` takes the time that the large counts need.
struct BenchSettings: Sendable {
    enum Size: String, Sendable, CaseIterable {
        case quick, plain, full
    }

    let size: Size
    /// The `mintmark` program under test.
    let program: String
    /// Event loops of every server.
    let loops: Int
    /// Connections of the load driver.
    let connections: Int
    /// Requests per second of the mixed load at a fixed rate.
    let rate: Double

    private func pick<T>(quick: T, plain: T, full: T) -> T {
        switch self.size {
        case .quick: quick
        case .plain: plain
        case .full: full
        }
    }

    /// Times that each contestant has its turn; odd, so that the median is one of them.
    var rounds: Int { self.pick(quick: 1, plain: 5, full: 9) }
    /// Length of one turn.
    var turn: Duration { self.pick(quick: .milliseconds(500), plain: .milliseconds(2500), full: .seconds(5)) }
    /// What is thrown away before each turn.
    var warmUp: Duration { self.pick(quick: .milliseconds(100), plain: .milliseconds(400), full: .seconds(1)) }
    /// Different access tokens that take turns.
    var differentTokens: Int { self.pick(quick: 2_000, plain: 100_000, full: 100_000) }
    /// Sessions in the large store.
    var manySessions: Int { self.pick(quick: 10_000, plain: 1_000_000, full: 1_000_000) }
    /// Refreshes of a thousand sessions.
    var manyRefreshes: Int { self.pick(quick: 20_000, plain: 1_000_000, full: 1_000_000) }
    /// Tokens of the pools that are compared; the first is the measure.
    var poolSizes: [Int] { self.pick(quick: [10, 1_000], plain: [10, 10_000], full: [10, 10_000, 10_000_000]) }
    /// Sessions whose memory on a server is measured.
    var sessionsInMemory: Int { self.pick(quick: 5_000, plain: 200_000, full: 1_000_000) }
    /// Identities of somebody else's tokens whose memory is measured.
    var upstreamIdentities: Int { self.pick(quick: 10_000, plain: 100_000, full: 100_000) }
    /// After this a large count is given up where it is, and the row says how far it came.
    var patience: Duration { self.pick(quick: .seconds(60), plain: .seconds(210), full: .seconds(3600)) }
    /// Turns of each store, and their length, in the comparison at a fixed rate.
    var fixedRateRounds: Int { self.pick(quick: 1, plain: 5, full: 9) }
    var fixedRateTurn: Duration { self.pick(quick: .seconds(1), plain: .seconds(6), full: .seconds(20)) }
    /// Length of one turn of a signature benchmark.
    var signatureTurn: Duration { self.pick(quick: .milliseconds(50), plain: .milliseconds(400), full: .seconds(1)) }
}
