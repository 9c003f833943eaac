/// Judges what the users of a pool saw, by what must hold whatever happened in between.
///
/// An assignment is certain from the moment its answer came until its lifetime after its last acknowledged sign of life was *sent*, or until
/// somebody sent what may have ended it: the pool can only have begun to count later, and can only have ended it later.
struct PoolHistoryChecker {
    /// How long an assignment lasts without a sign of life.
    let lifetime: Duration
    /// How long a token rests after it was given back.
    let rest: Duration
    /// What was put in; nil: not judged.
    var known: Set<String>?
    /// What the rounding of times may differ by.
    var slack = Duration.milliseconds(5)
    /// Whether the pool has parts: then leases rise for each token, and two tokens may have the same one.
    var hasParts = false

    /// An assignment and the time that it certainly had.
    private struct Certain {
        let hold: PoolHold
        let from: Moment
        let until: Moment
    }

    func violations(in history: [PoolOperation]) -> Set<PoolViolation> {
        let grants = history.compactMap { operation -> Grant? in
            guard case .assigned(let hold) = operation.answer else { return nil }
            return Grant(hold: hold, operation: operation)
        }
        let byToken = Dictionary(grouping: grants, by: \.hold.token)
        let orders = Dictionary(grouping: history, by: \.action.token)
        var found = hasParts ? byToken.values.reduce(into: []) { $0.formUnion(leases($1)) } : leases(grants)
        for (token, grants) in byToken {
            if let known, !known.contains(token) { found.formUnion(grants.map { .invented($0.hold) }) }
            let orders = orders[token] ?? []
            let certain = grants.map { self.certain($0, orders) }
            found.formUnion(overlaps(certain))
            found.formUnion(answers(orders, grants, certain))
            found.formUnion(rests(grants, orders))
        }
        return found
    }

    private struct Grant {
        let hold: PoolHold
        let operation: PoolOperation
    }

    private func certain(_ grant: Grant, _ orders: [PoolOperation]) -> Certain {
        var until = grant.operation.began + lifetime
        var ending: Moment?
        for order in orders where order.ended > grant.operation.began {
            switch order.action {
            case .keepAlive(grant.hold) where order.answer == .done: until = max(until, order.began + lifetime)
            case .unblock(grant.hold) where order.answer != .refused, .unblockWithoutLease where order.answer != .refused:
                ending = min(ending ?? order.began, order.began)
            default: break
            }
        }
        let end = min(until, ending ?? until) + (.zero - slack)
        return Certain(hold: grant.hold, from: grant.operation.ended, until: end)
    }

    private func overlaps(_ certain: [Certain]) -> Set<PoolViolation> {
        var found: Set<PoolViolation> = []
        var last: Certain?
        for next in certain.filter({ $0.from < $0.until }).sorted(by: { $0.from < $1.from }) {
            if let last, next.from < last.until { found.insert(.heldTwice(last.hold, next.hold)) }
            if last.map({ $0.until < next.until }) ?? true { last = next }
        }
        return found
    }

    /// What holders were told when they named their lease.
    private func answers(_ orders: [PoolOperation], _ grants: [Grant], _ certain: [Certain]) -> Set<PoolViolation> {
        var found: Set<PoolViolation> = []
        for order in orders {
            guard let hold = order.action.hold else { continue }
            switch order.answer {
            case .done:
                let wasOvertaken = grants.contains { $0.hold.lease > hold.lease && $0.operation.ended < order.began }
                if wasOvertaken || !grants.contains(where: { $0.hold == hold }) && !mayHaveBeenGranted(hold, grants) {
                    found.insert(.staleLeaseAccepted(order))
                }
            case .refused:
                let wasHeld = certain.contains { $0.hold == hold && $0.from < order.began && order.ended < $0.until }
                if wasHeld { found.insert(.refusedWithoutCause(order)) }
            case .assigned, .unknown: break
            }
        }
        return found
    }

    /// A lease that nobody was told of may be one whose answer was lost; one below the token's first never was.
    private func mayHaveBeenGranted(_ hold: PoolHold, _ grants: [Grant]) -> Bool { grants.allSatisfy { $0.hold.lease < hold.lease } }

    private func rests(_ grants: [Grant], _ orders: [PoolOperation]) -> Set<PoolViolation> {
        let released = orders.filter { $0.action.isUnblock && $0.answer == .done }
        return Set(
            grants.filter { grant in
                released.contains { $0.ended < grant.operation.began && grant.operation.ended < $0.began + (rest - slack) }
            }.map { .restForgotten($0.hold) })
    }

    private func leases(_ grants: [Grant]) -> Set<PoolViolation> {
        var found: Set<PoolViolation> = []
        let byEnd = grants.sorted { $0.operation.ended < $1.operation.ended }
        var finished = byEnd.makeIterator()
        var next = finished.next()
        var highest = Int64.min
        for grant in grants.sorted(by: { $0.operation.began < $1.operation.began }) {
            while let before = next, before.operation.ended < grant.operation.began {
                highest = max(highest, before.hold.lease)
                next = finished.next()
            }
            if grant.hold.lease <= highest { found.insert(.leaseDoesNotRise(grant.hold)) }
        }
        for same in Dictionary(grouping: grants, by: \.hold.lease).values where same.count > 1 { found.insert(.leaseDoesNotRise(same[1].hold)) }
        return found
    }
}

extension PoolOperation.Action {
    /// The token that is named.
    fileprivate var token: String? {
        switch self {
        case .assign: nil
        case .keepAlive(let hold), .unblock(let hold): hold.token
        case .unblockWithoutLease(let token): token
        }
    }

    /// The lease that is named with it.
    fileprivate var hold: PoolHold? {
        switch self {
        case .keepAlive(let hold), .unblock(let hold): hold
        case .assign, .unblockWithoutLease: nil
        }
    }

    fileprivate var isUnblock: Bool {
        switch self {
        case .unblock, .unblockWithoutLease: true
        case .assign, .keepAlive: false
        }
    }
}
