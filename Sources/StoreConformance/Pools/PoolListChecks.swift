import TokenCore

/// How many tokens and pools there are, and what is told of them.
enum PoolListChecks {
    static let all = [
        PoolCheck("a list goes through all tokens in the order of their ids") { test in
            try await test.make(tokens: 25)
            var found: [PooledToken] = []
            while true {
                guard case .tokens(let page) = try await test.perform(.list(after: found.last?.id, limit: 10)) else { break }
                found += page
                guard page.count == 10 else { break }
            }
            try test.expect(found.map(\.id), is: (0..<25).map(test.id).sorted())
            for number in 0..<25 {
                let token = found.first { $0.id == test.id(number) }
                try test.expect(token?.sealed, is: test.token(number).sealed)
                try test.expect(token?.metadata, is: test.token(number).metadata)
            }
        },
        PoolCheck("what is there already is not put in again, and keeps its value") { test in
            try await test.make(tokens: 2)
            let changed = NewToken(id: test.id(0), sealed: [9, 9, 9])
            try test.expect(try await test.perform(.add([changed, test.token(5), test.token(5)])), is: .added(1))
            try test.expect(try await test.list().first { $0.id == test.id(0) }?.sealed, is: test.token(0).sealed)
        },
        PoolCheck("of tokens that have no room none is put in") { test in
            var policy = test.calm
            policy.mostTokens = 3
            try await test.make(policy, tokens: 2)
            try test.expect(try await test.perform(.add([test.token(1), test.token(7), test.token(8)])), is: .full(room: 1))
            try test.expect(try await test.list().count, is: 2)
            try test.expect(try await test.perform(.add([test.token(1), test.token(7)])), is: .added(1))
        },
        PoolCheck("the largest values come back whole") { test in
            try await test.make(tokens: 0)
            let large = NewToken(
                id: test.id(1), sealed: (0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) }, metadata: [UInt8](repeating: 120, count: 1024))
            try test.expect(try await test.perform(.add([large])), is: .added(1))
            let holder = String(repeating: "ü", count: 127)
            let taken = try await test.take(by: holder)
            try test.expect(taken.map(\.sealed), is: [large.sealed])
            try test.expect(taken.map(\.metadata), is: [large.metadata])
            try test.expect(try await test.list().map { $0.assignment?.holder }, is: [holder])
        },
        PoolCheck("a smaller pool loses its free tokens at once and the others when they become free") { test in
            try await test.make(tokens: 6)
            var held: [AssignedToken] = []
            for _ in 0..<4 { held.append(try await test.takeOne()) }
            try test.expect(try await test.perform(.shrink(to: 2, limit: 1000)), is: .shrunk(removed: 2, surplus: 2, more: false))
            for token in held { try await test.perform(.release(token.id, lease: token.lease)) }
            let statistics = try await test.statistics()
            try test.expect(statistics.total, is: 2)
            try test.expect(statistics.surplus, is: 0)
            try await test.expectOrder()
        },
        PoolCheck("a pool is removed piece by piece, and then it is not there") { test in
            try await test.make(tokens: 25)
            _ = try await test.take(3)
            var calls = 1
            while try await test.perform(.remove(limit: 10)) == .more {
                calls += 1
                try test.expect(try await test.take().count, is: 0)
                try test.expect(calls < 5, "the removal does not end")
            }
            try test.expect(calls, is: 3)
            try test.expect(try await test.perform(.statistics), is: .noPool)
            try await test.make(tokens: 1)
            try test.expect(try await test.list().map(\.id), is: [test.id(0)])
            try await test.expectOrder()
        },
        PoolCheck("pools are listed in the order of their names, and know nothing of each other") { test in
            let names = ["b", "a.b", "a-b", "Z", "a", "a0"].compactMap { PoolName($0) }
            for name in names { try await test.make(tokens: 1, in: name) }
            try test.expect(try await test.store.pools(after: nil, limit: 100), is: names.sorted())
            try test.expect(try await test.store.pools(after: names.sorted()[1], limit: 3), is: Array(names.sorted()[2...4]))
            for name in names {
                guard case .assigned = try await test.perform(.assign(PoolClaim(holder: "w")), in: name) else {
                    throw ConformanceFailure(check: test.check, reason: "\(name) has no token of its own")
                }
            }
            try test.expect(try await test.perform(.remove(limit: 10), in: names[0]), is: .done)
            try test.expect(try await test.store.pools(after: nil, limit: 100), is: names.dropFirst().sorted())
        },
        PoolCheck("what happens is in the outbox, in its order, where the store has one", isOfOnePart: true) { test in
            guard let log = test.store as? any EventLog else { return }
            try await test.make(tokens: 2)
            let token = try await test.reply(.assign(PoolClaim(holder: "w")))
            let back = try await test.reply(.release(test.id(0), lease: nil))
            let gone = try await test.reply(.delete(test.id(1), lease: nil))
            try test.expect((token.happened + back.happened + gone.happened).map(\.kind), is: [.assigned, .released, .deleted])
            var stored: [Event] = []
            for outbox in try await log.outboxHeads().keys { stored += try await log.events(in: outbox, after: 0, limit: 100).map(\.event) }
            try test.expect(stored, is: (token.happened + back.happened + gone.happened).map { Event($0, in: test.home) })
        },
    ]
}
