import TestSupport

/// A worker that uses tokens of a pool as workers do: some well, some late, some falling asleep, and some that lie.
struct PoolWorker {
    let lifetime: Duration
    private var random: SplitMix
    /// Assignments that are over, or should be.
    private var old: [PoolHold] = []

    init(lifetime: Duration, seed: UInt64) {
        self.lifetime = lifetime
        random = SplitMix(seed: seed)
    }

    /// Works at one of these services after the other, until it is cancelled.
    mutating func run(_ services: [some PoolService], _ recorder: PoolRecorder) async {
        while !Task.isCancelled {
            let service = services[Int.random(in: 0..<services.count, using: &random)]
            switch await recorder.perform(.assign, at: service) {
            case .assigned(let hold): await use(hold, services, recorder)
            case .done, .refused, .unknown: await pause(1...20)
            }
            if Int.random(in: 0..<4, using: &random) == 0 { await lie(services, recorder) }
        }
    }

    private mutating func use(_ hold: PoolHold, _ services: [some PoolService], _ recorder: PoolRecorder) async {
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            await pause(1...15)
            let service = services[Int.random(in: 0..<services.count, using: &random)]
            guard await recorder.perform(.keepAlive(hold), at: service) != .refused else { break }
        }
        old = (old + [hold]).suffix(8)
        switch Int.random(in: 0..<100, using: &random) {
        // It falls asleep, and comes back when the token may be somebody else's.
        case ..<4: try? await Task.sleep(for: lifetime + .milliseconds(50))
        // It dies.
        case ..<10: return
        default: break
        }
        let service = services[Int.random(in: 0..<services.count, using: &random)]
        _ = await recorder.perform(.unblock(hold), at: service)
    }

    /// Says something about a token that is no longer its own, or never was.
    private mutating func lie(_ services: [some PoolService], _ recorder: PoolRecorder) async {
        guard let hold = old.randomElement(using: &random) else { return }
        let service = services[Int.random(in: 0..<services.count, using: &random)]
        let actions: [PoolOperation.Action] = [
            .keepAlive(hold), .unblock(hold), .keepAlive(PoolHold(token: hold.token, lease: hold.lease - 1)),
            .unblock(PoolHold(token: hold.token, lease: hold.lease - 1)), .unblockWithoutLease(token: hold.token),
        ]
        // Whoever gives no lease ends anybody's assignment, and a proof in which all end early proves little.
        let bound = Int.random(in: 0..<10, using: &random) == 0 ? actions.count : actions.count - 1
        _ = await recorder.perform(actions[Int.random(in: 0..<bound, using: &random)], at: service)
    }

    private mutating func pause(_ milliseconds: ClosedRange<Int>) async {
        try? await Task.sleep(for: .milliseconds(Int.random(in: milliseconds, using: &random)))
    }
}
