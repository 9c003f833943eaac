import TokenCore

/// What the holder of a token, and who is not, can do with it. None of it needs a moment.
enum PoolHoldChecks {
    static let all = [
        PoolCheck("an assignment carries the token's value and metadata, and a lease that rises", isOfOnePart: true) { test in
            try await test.make(tokens: 2)
            var last = LeaseNumber.none
            for _ in 0..<6 {
                let token = try await test.takeOne()
                let stored = (0..<2).map(test.token).first { $0.id == token.id }
                try test.expect(token.sealed, is: stored?.sealed ?? [])
                try test.expect(token.metadata, is: stored?.metadata ?? [])
                try test.expect(token.lease > last, "lease \(token.lease.value) after \(last.value)")
                last = token.lease
                try await test.perform(.release(token.id, lease: token.lease))
            }
        },
        PoolCheck("a lease rises over the removal of its pool and of its token") { test in
            try await test.make(tokens: 1)
            let first = try await test.takeOne()
            try test.expect(try await test.perform(.delete(first.id, lease: first.lease)), is: .done)
            try test.expect(try await test.perform(.add([test.token(0)])), is: .added(1))
            let second = try await test.takeOne()
            try test.expect(second.lease > first.lease, "\(second.lease.value) after \(first.lease.value)")
        },
        PoolCheck("a verb under a lease that is not current changes nothing") { test in
            try await test.make(tokens: 3)
            let old = try await test.takeOne(by: "old")
            try await test.perform(.release(old.id, lease: old.lease))
            for _ in 0..<3 { _ = try await test.takeOne(by: "new") }
            let before = try await test.list()
            let wrong = [old.lease, LeaseNumber(1), LeaseNumber(1 << 52)]
            for lease in wrong {
                let verbs: [PoolVerb] = [
                    .keepAlive(old.id, lease: lease), .release(old.id, lease: lease), .delete(old.id, lease: lease),
                    .report(old.id, lease: lease, failed: true, rest: .seconds(9)), .report(old.id, lease: lease, failed: false, rest: .zero),
                    .putBack(old.id, lease: lease),
                ]
                for verb in verbs {
                    let reply = try await test.reply(verb)
                    try test.expect(reply.outcome, is: .staleLease)
                    try test.expect(reply.happened, is: [])
                }
            }
            try test.expect(try await test.list(), is: before)
        },
        PoolCheck("what is not assigned cannot be given back, and stays as it is") { test in
            try await test.make(tokens: 1)
            let before = try await test.list()
            try test.expect(try await test.perform(.release(test.id(0), lease: nil)), is: .notAssigned)
            try test.expect(try await test.perform(.release(test.id(0), lease: LeaseNumber(5))), is: .staleLease)
            try test.expect(try await test.list(), is: before)
        },
        PoolCheck("an assignment that nobody was told of is undone: no rest, no count, the same place", isOfOnePart: true) { test in
            var policy = test.calm
            policy.rest = .seconds(120)
            policy.rate = .init(count: 1, span: .seconds(3600))
            policy.failuresToQuarantine = 2
            try await test.make(policy, tokens: 3)
            let taken = try await test.take(2)
            try test.expect(taken.map(\.id), is: [test.id(0), test.id(1)])
            for token in taken.reversed() {
                let reply = try await test.reply(.putBack(token.id, lease: token.lease))
                try test.expect(reply.outcome, is: .done)
                try test.expect(reply.happened.map(\.kind), is: [.released])
            }
            try test.expect(try await test.statistics().free, is: 3)
            try test.expect(try await test.take(3).map(\.id), is: (0..<3).map(test.id))
            try test.expect(try await test.perform(.putBack(test.id(0), lease: taken[0].lease)), is: .staleLease)
        },
        PoolCheck("a verb on a token that is not there says so, and one on a pool that is not there too") { test in
            let verbs: [PoolVerb] = [
                .keepAlive(test.id(9), lease: nil), .release(test.id(9), lease: nil), .delete(test.id(9), lease: nil), .restore(test.id(9)),
                .report(test.id(9), lease: LeaseNumber(1), failed: true, rest: .zero), .putBack(test.id(9), lease: LeaseNumber(1)),
            ]
            for verb in verbs + [.assign(PoolClaim(holder: "w")), .settle, .statistics] {
                try test.expect(try await test.perform(verb), is: .noPool)
            }
            try await test.make(tokens: 1)
            for verb in verbs { try test.expect(try await test.perform(verb), is: .noToken) }
        },
        PoolCheck("a holder never has more than its limit, and who has no name has none", isOfOnePart: true) { test in
            var policy = test.calm
            policy.mostPerHolder = 2
            try await test.make(policy, tokens: 6)
            let taken = try await test.concurrently(8) { _ in try await test.take(by: "one") }.joined()
            try test.expect(taken.count, is: 2)
            try test.expect(try await test.perform(.assign(PoolClaim(holder: "one"))), is: .holderLimit)
            try test.expect(try await test.perform(.assign(PoolClaim(holder: "other", count: 3))), is: .holderLimit)
            try test.expect(try await test.take(3, by: "").count, is: 3)
            for token in taken { try await test.perform(.release(token.id, lease: token.lease)) }
            try test.expect(try await test.take(2, by: "one").count, is: 2)
        },
        PoolCheck("failures in a row set a token aside, a success forgets them, and a restored token is free") { test in
            var policy = test.calm
            policy.failuresToQuarantine = 2
            try await test.make(policy, tokens: 1)
            let report = { (failed: Bool) in
                let token = try await test.takeOne()
                return try await test.perform(.report(token.id, lease: token.lease, failed: failed, rest: .zero))
            }
            try test.expect(try await report(true).isRest, "the first failure was too much")
            try test.expect(try await report(false).isAlive, "a success ended it")
            try await test.perform(.release(test.id(0), lease: nil))
            try test.expect(try await report(true).isRest, "a success forgot nothing")
            try test.expect(try await report(true), is: .quarantined)
            try test.expect(try await test.take().count, is: 0)
            try test.expect(try await test.perform(.restore(test.id(0))), is: .done)
            try test.expect(try await test.take().count, is: 1)
        },
        PoolCheck("a pool of order fifo or least_recently_used gives what waited longest, one of order random any", isOfOnePart: true) { test in
            for (number, order) in PoolPolicy.Order.allCases.enumerated() {
                guard let pool = PoolName("order-\(number)") else { continue }
                var policy = test.calm
                policy.order = order
                try await test.make(policy, tokens: 5, in: pool)
                var given: [PooledTokenID] = []
                for seed in 0..<15 {
                    let reply = try await test.perform(.assign(PoolClaim(holder: "w")), seed: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15, in: pool)
                    guard case .assigned(let taken) = reply, let token = taken.first else {
                        throw ConformanceFailure(check: test.check, reason: "no token in turn \(seed): \(reply)")
                    }
                    given.append(token.id)
                    try await test.perform(.release(token.id, lease: token.lease), in: pool)
                }
                let inTurn = (0..<15).map { test.id($0 % 5) }
                if order == .random {
                    try test.expect(given != inTurn, "\(order) is in turn")
                    try test.expect(Set(given).count > 1, "\(order) gives one token only")
                } else {
                    try test.expect(given, is: inTurn)
                }
            }
        },
    ]
}

extension PoolOutcome {
    /// Whether a token rests now.
    fileprivate var isRest: Bool { if case .resting = self { true } else { false } }
    /// Whether a token is kept alive.
    fileprivate var isAlive: Bool { if case .alive = self { true } else { false } }
}
