import Synchronization
import Testing
import TokenCore
import Valkey
import ValkeyServer

@testable import ValkeyStore

/// What instances that share a store know of one another.
@Suite struct SharingTests {
    @Test(arguments: Shape.allCases) func ofManyWritersOnManyInstancesExactlyOneWins(_ shape: Shape) async throws {
        try await shape.run { place in
            let stores = [try await place.emptyStore()] + [try await place.store(), try await place.store()]
            let partitions = (0..<4 as Range<UInt16>).compactMap { Partition(number: $0) }
            for round in 0..<50 as Range<UInt64> {
                for partition in partitions {
                    let key = RecordKey(partition: partition, kind: .family, id: [1])
                    let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                        for writer in 0..<9 {
                            group.addTask {
                                let put = Write.put(Sample.record(key, body: [UInt8(writer)]), expecting: Version(round))
                                do throws(StoreError) {
                                    try await stores[writer % 3].commit(WriteBatch(partition: partition, now: Sample.now, writes: [put]))
                                    return writer
                                } catch {
                                    guard error == .conflict else { throw error }
                                    return nil
                                }
                            }
                        }
                        return try await group.reduce(into: [Int]()) { if let winner = $1 { $0.append(winner) } }
                    }
                    #expect(winners.count == 1)
                    for store in stores {
                        let record = try await store.load([key], now: Sample.now)[0]
                        #expect(record?.version == Version(round + 1))
                        #expect(record?.body == winners.map { UInt8($0) })
                    }
                }
            }
        }
    }

    @Test(arguments: Shape.allCases) func aRevocationRingsOnEveryInstance(_ shape: Shape) async throws {
        try await shape.run { place in
            let (writer, listener) = (try await place.emptyStore(), try await place.store())
            let bells = listener.bells()
            var rung = bells.makeAsyncIterator()
            // One for each partition says that the subscription stands.
            var waiting = Set((0..<4 as Range<UInt16>).compactMap { Partition(number: $0) } + [.control])
            while !waiting.isEmpty { waiting.remove(try #require(await rung.next())) }
            for partition in [Partition(number: 2), Partition.control, Partition(number: 0)].compactMap(\.self) {
                let entry = RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))
                try await writer.commit(WriteBatch(partition: partition, now: Sample.now, revocations: [entry]))
                #expect(await rung.next() == partition)
            }
        }
    }

    /// So following costs the same however many log in and refresh: nothing to read, and nobody is woken.
    @Test(arguments: Shape.allCases) func whatRevokesNothingRingsNowhereAndLengthensNoLog(_ shape: Shape) async throws {
        try await shape.run { place in
            let (writer, listener) = (try await place.emptyStore(), try await place.store())
            let (one, other) = (try #require(Partition(number: 1)), try #require(Partition(number: 2)))
            var rung = listener.bells().makeAsyncIterator()
            var waiting = Set((0..<4 as Range<UInt16>).compactMap { Partition(number: $0) } + [.control])
            while !waiting.isEmpty { waiting.remove(try #require(await rung.next())) }
            for number in 0..<100 as Range<UInt8> {
                var login = Sample.insert(RecordKey(partition: one, kind: .family, id: [number]))
                login.events = [Event(.issued, at: Sample.now)]
                try await writer.commit(login)
            }
            #expect(try await listener.survey().allSatisfy { $0.value.number == 0 })
            let entry = RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))
            for partition in [one, other] {
                try await writer.commit(WriteBatch(partition: partition, now: Sample.now, revocations: [entry]))
                #expect(await rung.next() == partition, "a login has rung")
            }
            #expect(try await listener.survey()[one]?.number == 1)
        }
    }

    @Test(arguments: Shape.allCases) func aSurveyTellsHowFarEveryLogGoes(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            let entry = RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))
            for _ in 0..<3 { try await store.commit(WriteBatch(partition: .control, now: Sample.now, revocations: [entry, entry])) }
            let heads = try await store.survey()
            #expect(heads.count == 5)
            #expect(heads.filter { $0.value.number > 0 }.mapValues(\.number) == [.control: 6])
            #expect(try await store.survey() == heads)
        }
    }

    @Test func aServerThatWasStartedAgainHasAnotherHistory() async throws {
        try await ValkeyServer.run(.valkey, ["--appendonly", "yes", "--appendfsync", "always"]) { server in
            let place = Place(servers: [server], isCluster: false)
            let store = try await place.emptyStore()
            let before = try await store.survey()
            server.kill()
            try await server.start()
            let after = try await eventually("the server") { try? await store.survey() }
            #expect(after.keys == before.keys)
            for (partition, head) in after {
                #expect(head.number == before[partition]?.number)
                #expect(head.history != before[partition]?.history)
            }
        }
    }

    @Test(arguments: Shape.allCases) func theTimeIsTheServersForEveryInstance(_ shape: Shape) async throws {
        try await shape.run { place in
            let stores = [try await place.emptyStore(), try await place.store()]
            var last = UnixTime.epoch
            for round in 0..<100 {
                let time = try await stores[round % 2].time()
                #expect(time >= last)
                last = time
            }
            let line = try ValkeyCluster.ask(place.servers[0], "TIME").split(whereSeparator: \.isNewline)
            let server = try #require(line.dropFirst(2).first.flatMap { Int64($0) })
            #expect(abs(server - last.seconds) <= 2)
        }
    }

    /// What was added for a server that is gone does not stay for ever: validators elsewhere go by clocks that are right.
    @Test func whatWasAddedToTheTimeGoesAgain() async throws {
        try await Shape.valkey.run { place in
            let store = try await place.emptyStore()
            let start = try await store.time()
            try ValkeyCluster.ask(place.servers[0], "SET {m}T \"3000 \(start.milliseconds + 3000)\"")
            var last = try await store.time()
            #expect(last >= start + .seconds(3))
            let before = try Self.clock(place)
            for _ in 0..<50 {
                try await Task.sleep(for: .milliseconds(5))
                let time = try await store.time()
                #expect(time >= last)
                last = time
            }
            let after = try Self.clock(place)
            let passed = (after.last - after.added) - (before.last - before.added)
            #expect(abs((before.added - after.added) - passed / 20) < 1, "\(before) \(after)")
            #expect(before.added - after.added > 10)
        }
    }

    /// What was added, and the time that was given out last, in milliseconds.
    private static func clock(_ place: Place) throws -> (added: Double, last: Double) {
        let line = try ValkeyCluster.ask(place.servers[0], "GET {m}T").split(whereSeparator: \.isNewline).last ?? ""
        let numbers = line.split(separator: " ").compactMap { Double($0) }
        try #require(numbers.count == 2)
        return (numbers[0], numbers[1])
    }

    /// A server that takes over with a slower clock: simulated by what the store knows of the one before it.
    @Test func theTimeGoesOnWhereAFasterClockLeftIt() async throws {
        try await Shape.valkey.run { place in
            let (store, other) = (try await place.emptyStore(), try await place.store())
            let before = try await store.time()
            // The server before this one was five seconds ahead, and this instance has seen it.
            store.lastTime.withLock { $0 = (before + .seconds(5), .now) }
            let ours = try await store.time()
            #expect(.seconds(5)..<(.seconds(7)) ~= ours - before)
            // An instance that comes later has the same time, and so has one that knew only the slower clock.
            let theirs = try await other.time()
            #expect(.zero..<(.seconds(2)) ~= theirs - ours)
            // An error of measurement moves nothing.
            store.lastTime.withLock { $0 = (theirs + .milliseconds(200), .now) }
            let began = ContinuousClock.now
            let earlier = try await other.time()
            let again = try await store.time()
            #expect(again - earlier < ContinuousClock.now - began + .milliseconds(100), "\(again - earlier)")
        }
    }
}
