@testable import TokenCore

/// The steps that a walk may take from any state.
extension World {
    /// One step.
    enum Step: Hashable, Sendable {
        case order(Order)
        /// A millisecond passes.
        case tick
        /// Time passes until the grace window of a session is over, to the millisecond.
        case graceEnds(SessionID)
        /// Time passes until a session has been idle for too long, to the millisecond.
        case idleEnds(SessionID)
        /// Time passes until the absolute end of a session, to the millisecond.
        case absoluteEnd(SessionID)
        /// Time passes until the last access token of a session has expired.
        case accessEnds(SessionID)
        /// The store is copied aside, once.
        case snapshot
        /// The store becomes that copy again.
        case rollback
    }

    /// Every step that makes sense now: each known token, each end, each moment of time that a rule speaks of. Where there is one session only,
    /// ending it by name is ending it by logout with another word for the reason.
    func steps(sessions most: Int) -> [Step] {
        var steps: [Step] = [.tick, .order(.logoutAll)]
        if handed.count < most { steps.append(.order(.login)) }
        steps.append(snapshot == nil ? .snapshot : .rollback)
        for id in sessions {
            let highest = handed[id]?.generation ?? 0
            steps += (0...highest).map { .order(.refresh(id, $0)) }
            steps += [.order(.logout(id)), .graceEnds(id), .idleEnds(id), .absoluteEnd(id), .accessEnds(id)]
        }
        if most > 1 { steps += sessions.map { .order(.endOne($0)) } }
        return steps
    }

    /// Takes a step; false when it changes nothing.
    mutating func take(_ step: Step) throws(Violation) -> Bool {
        switch step {
        case .order(let order):
            _ = try perform(order)
            return true
        case .tick: return wait(until: now + .milliseconds(1))
        case .graceEnds(let id):
            guard let family = try load(Family.self, id, now: now), case .active(_, let rotatedAt) = family.record.life else { return false }
            return wait(until: rotatedAt + policy.refreshGrace)
        case .idleEnds(let id):
            guard policy.autoLogout != nil, let stored = store.records[Family.key(for: id)] else { return false }
            return wait(until: policy.idleEnd(lastSeen: stored.activity.lastSeen))
        case .absoluteEnd(let id): return wait(until: handed[id]?.end ?? now)
        case .accessEnds(let id): return wait(until: (handed[id]?.accessEnd ?? now) + SessionPolicy.mostLeeway)
        case .snapshot:
            snapshot = store
            return true
        case .rollback:
            guard let snapshot, snapshot != store else { return false }
            store = snapshot
            for id in handed.keys { handed[id]?.wasForgotten = true }
            return true
        }
    }

    private mutating func wait(until time: UnixTime) -> Bool {
        guard time > now else { return false }
        now = time
        return true
    }
}

/// All orders of steps to a depth, each state visited once.
struct Walk {
    /// The steps that led to a broken promise.
    struct Finding: CustomStringConvertible {
        let steps: [World.Step]
        let violation: Violation
        var description: String { "\(violation) after \(steps.map { "\($0)" }.joined(separator: ", "))" }
    }

    /// How many states were visited.
    private(set) var visited = 0
    /// The first broken promise, if any.
    private(set) var finding: Finding?

    /// Walks from one session that has just begun.
    init(_ policy: SessionPolicy, depth: Int, sessions: Int, fault: World.Fault? = nil, keepsExpired: Bool = false) {
        var seen: Set<Int> = []
        var layer: [(world: World, path: [World.Step])] = [(World(policy: policy, fault: fault, keepsExpired: keepsExpired), [])]
        guard let first = advance(&layer[0].world, .order(.login), [], &seen) else { return }
        layer[0].path = first
        for _ in 0..<depth {
            var next: [(world: World, path: [World.Step])] = []
            for (world, path) in layer {
                for step in world.steps(sessions: sessions) {
                    var copy = world
                    if let path = advance(&copy, step, path, &seen) { next.append((copy, path)) }
                    if finding != nil { return }
                }
            }
            visited = seen.count
            layer = next
        }
    }

    /// Takes one step and checks everything in a state not seen before; nil when it was, or when a promise was broken.
    private mutating func advance(
        _ world: inout World, _ step: World.Step, _ path: [World.Step], _ seen: inout Set<Int>
    ) -> [World.Step]? {
        do {
            guard try world.take(step), seen.insert(world.fingerprint).inserted else { return nil }
            try world.checkInvariants()
            return path + [step]
        } catch {
            finding = Finding(steps: path + [step], violation: error)
            return nil
        }
    }
}
