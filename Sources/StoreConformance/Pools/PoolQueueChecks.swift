import TokenCore

/// The queue: first come, first served, and nobody is lost.
enum PoolQueueChecks {
    static let all = [
        PoolCheck("who came first is served first, and nobody overtakes", isOfOnePart: true) { test in
            try await test.make(tokens: 1)
            var token = try await test.takeOne()
            let tickets = try await test.queue("a", "b", "c")
            for (turn, holder) in ["a", "b", "c"].enumerated() {
                let reply = try await test.reply(.release(token.id, lease: token.lease))
                try test.expect(reply.wakes, "nobody was woken for \(holder)")
                for (place, later) in ["a", "b", "c"].enumerated() where place > turn {
                    let claim = PoolClaim(holder: later, waits: true, ticket: tickets[place])
                    try test.expect(try await test.perform(.assign(claim)), is: .waiting(ticket: tickets[place]))
                }
                guard case .noneFree = try await test.perform(.assign(PoolClaim(holder: "hasty"))) else {
                    throw ConformanceFailure(check: test.check, reason: "somebody who does not wait went before \(holder)")
                }
                let claim = PoolClaim(holder: holder, waits: true, ticket: tickets[turn])
                guard case .assigned(let taken) = try await test.perform(.assign(claim)), let next = taken.first else {
                    throw ConformanceFailure(check: test.check, reason: "\(holder) was not served in its turn")
                }
                token = next
            }
            try test.expect(try await test.statistics().waiting, is: 0)
        },
        PoolCheck("who leaves the queue holds up nobody") { test in
            try await test.make(tokens: 1)
            let token = try await test.takeOne()
            let tickets = try await test.queue("a", "b")
            try test.expect(try await test.perform(.leaveQueue(ticket: tickets[0])), is: .done)
            try test.expect(try await test.perform(.leaveQueue(ticket: tickets[0])), is: .done)
            try test.expect(try await test.statistics().waiting, is: 1)
            try await test.perform(.release(token.id, lease: token.lease))
            guard case .assigned = try await test.perform(.assign(PoolClaim(holder: "b", waits: true, ticket: tickets[1]))) else {
                throw ConformanceFailure(check: test.check, reason: "b was not served")
            }
        },
        PoolCheck("a claim for many waits for all of them, and those behind it wait too", isOfOnePart: true) { test in
            try await test.make(tokens: 2)
            let held = try await test.takeOne()
            let many = PoolClaim(holder: "many", count: 2, waits: true)
            guard case .waiting(let ticket) = try await test.perform(.assign(many)) else {
                throw ConformanceFailure(check: test.check, reason: "two were given where one is free")
            }
            _ = try await test.queue("few")
            try test.expect(try await test.statistics().free, is: 1)
            try await test.perform(.release(held.id, lease: held.lease))
            let again = PoolClaim(holder: "many", count: 2, waits: true, ticket: ticket)
            guard case .assigned(let taken) = try await test.perform(.assign(again)) else {
                throw ConformanceFailure(check: test.check, reason: "it was not served when both were free")
            }
            try test.expect(Set(taken.map(\.id)).count, is: 2)
        },
        PoolCheck("a paused pool lets wait, a draining one sends away, and an open one goes on") { test in
            try await test.make(tokens: 1)
            try test.expect(try await test.perform(.turn(.paused)), is: .done)
            let tickets = try await test.queue("a")
            try test.expect(try await test.perform(.turn(.open)), is: .done)
            let claim = PoolClaim(holder: "a", waits: true, ticket: tickets[0])
            guard case .assigned(let taken) = try await test.perform(.assign(claim)), let token = taken.first else {
                throw ConformanceFailure(check: test.check, reason: "a was not served when the pool opened")
            }
            let late = try await test.queue("b")
            let reply = try await test.reply(.turn(.draining))
            try test.expect(reply.wakes, "who waits for a draining pool was not woken")
            try test.expect(try await test.perform(.assign(PoolClaim(holder: "b", waits: true, ticket: late[0]))), is: .draining)
            try test.expect(try await test.statistics().waiting, is: 0)
            guard case .alive = try await test.perform(.keepAlive(token.id, lease: token.lease)) else {
                throw ConformanceFailure(check: test.check, reason: "draining ended an assignment")
            }
        },
        PoolCheck("forty waiters on one token are all served, each once") { test in
            try await test.make(tokens: 1)
            let token = try await test.takeOne()
            let tickets = try await test.concurrently(40) { worker -> UInt64 in
                guard case .waiting(let ticket) = try await test.perform(.assign(PoolClaim(holder: "\(worker)", waits: true))) else { return 0 }
                return ticket
            }.sorted()
            try test.expect(Set(tickets).count, is: 40)
            try test.expect(tickets[0] > 0, "somebody got what was held")
            var held = token
            for ticket in tickets {
                try await test.perform(.release(held.id, lease: held.lease))
                guard case .assigned(let taken) = try await test.perform(.assign(PoolClaim(holder: "", waits: true, ticket: ticket))),
                    let next = taken.first
                else { throw ConformanceFailure(check: test.check, reason: "ticket \(ticket) was not served in its turn") }
                held = next
            }
            try test.expect(try await test.statistics().waiting, is: 0)
        },
    ]
}

extension PoolUnderTest {
    /// The tickets of those who come and wait, in this order.
    fileprivate func queue(_ holders: String...) async throws -> [UInt64] {
        var tickets: [UInt64] = []
        for holder in holders {
            guard case .waiting(let ticket) = try await perform(.assign(PoolClaim(holder: holder, waits: true))) else {
                throw ConformanceFailure(check: check, reason: "\(holder) does not wait")
            }
            try expect(ticket > tickets.last ?? 0, "the tickets do not rise")
            tickets.append(ticket)
        }
        return tickets
    }
}
