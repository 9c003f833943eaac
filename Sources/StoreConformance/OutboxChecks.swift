import TokenCore

/// Events wait in the order of their commits until they are trimmed.
enum OutboxChecks {
    static let all = [
        StoreCheck("events are read back whole and in order") { test in
            let events = samples(test)
            try await test.commit(events: Array(events.prefix(3)))
            for event in events.dropFirst(3) { try await test.commit(events: [event]) }
            let log = try await test.store.events(after: 0, limit: 100)
            try test.expect(log.map(\.event), is: events)
            try test.expect(zip(log, log.dropFirst()).allSatisfy { $0.number < $1.number } && log[0].number > 0, "numbers \(log.map(\.number))")
        },
        StoreCheck("the outbox is read from any number on, in pages") { test in
            for count in 0..<10 as Range<UInt64> { try await test.commit(events: [Event(.issued, at: test.now, count: count)]) }
            let all = try await test.store.events(after: 0, limit: 100)
            let page = try await test.store.events(after: all[3].number, limit: 4)
            try test.expect(page, is: Array(all[4..<8]))
            try test.expect(try await test.store.events(after: all[9].number, limit: 4).count, is: 0)
            try test.expect(try await test.store.events(after: .max, limit: 4).count, is: 0)
        },
        StoreCheck("trimmed events are gone, later ones stay, numbers go on") { test in
            for count in 0..<6 as Range<UInt64> { try await test.commit(events: [Event(.issued, at: test.now, count: count)]) }
            let all = try await test.store.events(after: 0, limit: 100)
            for _ in 0..<2 {
                try await test.store.trimEvents(through: all[2].number)
                try test.expect(try await test.store.events(after: 0, limit: 100), is: Array(all[3...]))
            }
            try await test.store.trimEvents(through: all[5].number + 1000)
            try test.expect(try await test.store.events(after: 0, limit: 100).count, is: 0)
            try await test.commit(events: [Event(.revoked, at: test.now)])
            let next = try await test.store.events(after: all[5].number, limit: 100)
            try test.expect(next.map(\.event.name), is: [.revoked])
        },
        StoreCheck("an outbox in which events wait is named with the number of its last one") { test in
            for _ in 0..<3 { try await test.commit(events: [Event(.issued, at: test.now)]) }
            let last = try await test.store.events(after: 0, limit: 10)[2]
            try test.expect(last.outbox, is: .control)
            try test.expect(try await test.store.outboxHeads()[.control], is: last.number)
            try await test.store.trimEvents(through: last.number - 1)
            try test.expect(try await test.store.outboxHeads()[.control], is: last.number)
        },
        StoreCheck("an outbox of another partition has none of these events") { test in
            let elsewhere = Partition(number: 0) ?? test.home
            try await test.commit(events: [Event(.issued, at: test.now)])
            try test.expect(try await test.store.events(in: elsewhere, after: 0, limit: 10).count, is: 0)
            try test.expect(try await test.store.backlog(of: elsewhere), is: OutboxBacklog(count: 0, bytes: 0, oldest: nil))
            try await test.store.trimEvents(in: elsewhere, through: .max)
            try test.expect(try await test.store.events(after: 0, limit: 10).count, is: 1)
        },
        StoreCheck("every event is in one outbox, whatever its partition") { test in
            let elsewhere = Partition(number: 0) ?? test.home
            for partition in [test.home, elsewhere] {
                try await test.store.commit(WriteBatch(partition: partition, now: test.now, events: [Event(.issued, at: test.now)]))
            }
            var found = 0
            for (outbox, _) in try await test.store.outboxHeads() {
                found += try await test.store.events(in: outbox, after: 0, limit: 10).count
            }
            try test.expect(found, is: 2)
        },
        StoreCheck("the backlog counts what waits") { test in
            try test.expect(try await test.store.backlog(), is: OutboxBacklog(count: 0, bytes: 0, oldest: nil))
            for seconds in 0..<4 as Range<Int64> {
                try await test.commit(events: [Event(.issued, at: test.now + .seconds(seconds), subject: "somebody")])
            }
            let four = try await test.store.backlog()
            try test.expect(four.count, is: 4)
            try test.expect(four.oldest, is: test.now)
            try test.expect(four.bytes > 4 * 8 && four.bytes < 4 * 1000, "\(four.bytes) bytes")
            try await test.store.trimEvents(through: try await test.store.events(after: 0, limit: 3)[2].number)
            let one = try await test.store.backlog()
            try test.expect(one.count, is: 1)
            try test.expect(one.oldest, is: test.now + .seconds(3))
            try test.expect(one.bytes > 0 && one.bytes < four.bytes, "\(one.bytes) bytes")
        },
        StoreCheck("many who commit events at once lose none, and each one's stay in order") { test in
            _ = try await test.concurrently(32) { writer in
                for round in 0..<8 as Range<UInt64> {
                    let pair = (0..<2 as Range<UInt64>).map { Event(.issued, at: test.now, subject: "\(writer)", count: 2 * round + $0) }
                    try await test.commit(events: pair)
                }
            }
            let log = try await test.store.events(after: 0, limit: 10_000)
            try test.expect(log.count, is: 32 * 16)
            try test.expect(Set(log.map(\.number)).count, is: log.count)
            for (_, own) in Dictionary(grouping: log, by: \.event.subject) {
                try test.expect(own.compactMap(\.event.count), is: Array(0..<16))
            }
        },
    ]

    /// An event of every name, with each of its parts once there and once not.
    private static func samples(_ test: StoreUnderTest) -> [Event] {
        let session = SessionID(birth: test.now, partition: test.home, random: 1)
        return Event.Name.allCases.flatMap { name in
            [
                Event(name, at: test.now),
                Event(name, at: test.now, subject: "ü", session: session, client: "c", key: "k", reason: "r", count: .max),
            ]
        }
    }
}
