import TokenCore

/// What time does, at its boundaries.
enum PoolTimeChecks {
    static let all = [
        PoolCheck("an assignment ends with its lifetime, to the millisecond, unless it is kept alive") { test in
            try await test.make(PoolPolicy(), tokens: 1)
            let token = try await test.takeOne()
            try test.expect(try await test.take(after: .milliseconds(59_999)).count, is: 0)
            try test.expect(
                try await test.perform(.keepAlive(token.id, lease: token.lease), after: .milliseconds(59_999)),
                is: .alive(until: test.start + .milliseconds(119_999)))
            try test.expect(try await test.take(after: .milliseconds(119_998)).count, is: 0)
            let next = try await test.takeOne(after: .milliseconds(119_999))
            try test.expect(next.lease > token.lease, "the lease did not rise")
            try test.expect(try await test.perform(.keepAlive(token.id, lease: token.lease), after: .seconds(120)), is: .staleLease)
        },
        PoolCheck("a token that was given back rests, to the millisecond") { test in
            try await test.make(PoolPolicy(), tokens: 1)
            let token = try await test.takeOne()
            try test.expect(
                try await test.perform(.release(token.id, lease: token.lease), after: .seconds(1)), is: .resting(until: test.start + .seconds(121)))
            try test.expect(try await test.take(after: .milliseconds(120_999)).count, is: 0)
            try test.expect(try await test.take(after: .seconds(121)).count, is: 1)
        },
        PoolCheck("a token without a sign of life is deleted, to the millisecond, and a lapse is none", isOfOnePart: true) { test in
            try await test.make(PoolPolicy(keepAliveLimit: .seconds(300)), tokens: 2)
            let token = try await test.takeOne(after: .seconds(100))
            try test.expect(try await test.perform(.keepAlive(test.id(1), lease: nil), after: .milliseconds(299_999)), is: .alive(until: nil))
            try test.expect(try await test.statistics(after: .milliseconds(399_999)).total, is: 2)
            let reply = try await test.reply(.settle, after: .seconds(400))
            try test.expect(reply.happened.map(\.kind), is: [.deleted])
            try test.expect(reply.happened.map(\.token), is: [token.id])
            try test.expect(reply.nextDue, is: test.start + .milliseconds(599_999))
        },
        PoolCheck("a place in the queue is kept so long, and then the next is first") { test in
            try await test.make(tokens: 1)
            let token = try await test.takeOne()
            guard case .waiting(let dead) = try await test.perform(.assign(PoolClaim(holder: "dead", waits: true))),
                case .waiting(let alive) = try await test.perform(.assign(PoolClaim(holder: "alive", waits: true)))
            else { throw ConformanceFailure(check: test.check, reason: "they do not wait") }
            try await test.perform(.keepWaiting(tickets: [alive]), after: .seconds(4))
            try await test.perform(.release(token.id, lease: token.lease), after: .seconds(4))
            let claim = PoolClaim(holder: "alive", waits: true, ticket: alive)
            try test.expect(try await test.perform(.assign(claim), after: .milliseconds(4_999)), is: .waiting(ticket: alive))
            guard case .assigned(let taken) = try await test.perform(.assign(claim), after: .seconds(5)), let next = taken.first else {
                throw ConformanceFailure(check: test.check, reason: "a place without a sign of life held up the queue")
            }
            try await test.perform(.release(next.id, lease: next.lease), after: .seconds(5))
            guard case .assigned = try await test.perform(.assign(PoolClaim(holder: "dead", waits: true, ticket: dead)), after: .seconds(6)) else {
                throw ConformanceFailure(check: test.check, reason: "who lost its place is not served when nobody waits")
            }
        },
        PoolCheck("leases rise also when the clock goes back", isOfOnePart: true) { test in
            try await test.make(tokens: 3)
            let first = try await test.takeOne(after: .seconds(100))
            let second = try await test.takeOne(after: .zero)
            let third = try await test.takeOne(after: .seconds(50))
            try test.expect(first.lease < second.lease && second.lease < third.lease, "\([first, second, third].map(\.lease.value))")
        },
        PoolCheck("what comes late takes back no sign of life") { test in
            try await test.make(PoolPolicy(lifetime: .seconds(60), rest: .zero, keepAliveLimit: .seconds(300)), tokens: 1)
            try await test.perform(.keepAlive(test.id(0), lease: nil), after: .seconds(200))
            let token = try await test.takeOne(after: .seconds(1))
            try test.expect(
                try await test.perform(.release(token.id, lease: token.lease), after: .seconds(2)), is: .resting(until: test.start + .seconds(2)))
            try test.expect(try await test.perform(.keepAlive(token.id, lease: nil), after: .seconds(3)), is: .alive(until: nil))
            try test.expect(try await test.statistics(after: .milliseconds(499_999)).free, is: 1)
            try test.expect(try await test.statistics(after: .seconds(500)).total, is: 0)
        },
        PoolCheck("a verb settles a bounded number, and still neither gives out nor keeps alive what is past its end") { test in
            try await test.make(PoolPolicy(lifetime: .seconds(60), rest: .zero, keepAliveLimit: .seconds(60)), tokens: 300)
            let first = try await test.reply(.keepAlive(test.id(299), lease: nil), after: .seconds(60))
            try test.expect(first.outcome, is: .noToken)
            try test.expect(first.happened.count <= 65, "\(first.happened.count) were settled")
            try test.expect(try await test.take(after: .seconds(60)).count, is: 0)
            for _ in 0..<10 { try await test.perform(.settle, after: .seconds(60)) }
            try test.expect(try await test.statistics(after: .seconds(60)).total, is: 0)
        },
    ]
}
