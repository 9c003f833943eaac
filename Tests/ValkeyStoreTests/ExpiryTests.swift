import NIOCore
import Testing
import TokenCore
import Valkey
import ValkeyServer

@testable import ValkeyStore

/// What has expired leaves the server by the server's own means, and nothing else does.
@Suite struct ExpiryTests {
    private let key = RecordKey(partition: .control, kind: .family, id: [7])

    @Test(arguments: [Shape.redis, .valkey]) func theServerRemovesARecordAMinuteAfterItsEnd(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            try await store.commit(Sample.insert(key, indexKey: [1], lives: .seconds(10)))
            for name in [key.name, Names(.control).index(.family, [1])] {
                let left = try await Self.timeToLive(name, store)
                #expect(65_000...70_000 ~= left, "\(left)")
            }
            // Longer, by a touch; the index lives as long as the longest of its records.
            let other = RecordKey(partition: .control, kind: .family, id: [8])
            try await store.commit(Sample.insert(other, indexKey: [1], lives: .seconds(1)))
            try await store.commit(
                WriteBatch(
                    partition: .control, now: Sample.now,
                    writes: [.touch(key, Activity(lastSeen: Sample.now), extendingTo: Sample.now + .seconds(20))]))
            #expect(72_000...80_000 ~= (try await Self.timeToLive(key.name, store)))
            #expect(72_000...80_000 ~= (try await Self.timeToLive(Names(.control).index(.family, [1]), store)))
            #expect(52_000...61_000 ~= (try await Self.timeToLive(other.name, store)))
            // What does not end has no time to live, and neither has its index.
            let endless = RecordKey(partition: .control, kind: .family, id: [9])
            var record = Sample.record(endless, indexKey: [1])
            record.expiresAt = .distantFuture
            try await store.commit(WriteBatch(partition: .control, now: Sample.now, writes: [.put(record, expecting: .absent)]))
            #expect(try await Self.timeToLive(endless.name, store) == -1)
            #expect(try await Self.timeToLive(Names(.control).index(.family, [1]), store) == -1)
        }
    }

    /// A subject that logs in for years leaves no more behind in its index than it has.
    @Test(arguments: [Shape.redis, .valkey]) func anIndexDoesNotGrowWithWhatIsGone(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            let index = Names(.control).index(.family, [1])
            var now = Sample.now
            for number in 0..<1000 {
                let key = RecordKey(partition: .control, kind: .family, id: [UInt8(number >> 8), UInt8(number & 255)])
                var record = Sample.record(key, indexKey: [1])
                record.expiresAt = now + .seconds(40)
                try await store.commit(WriteBatch(partition: .control, now: now, writes: [.put(record, expecting: .absent)]))
                // One of them is seen again, and lives on.
                if number == 100 {
                    let touch = Write.touch(key, .none, extendingTo: now + .seconds(100_000))
                    try await store.commit(WriteBatch(partition: .control, now: now, writes: [touch]))
                }
                now = now + .seconds(1)
            }
            for name in [index, Self.ends(of: index)] {
                let count = try await Self.count(name, store)
                #expect(count <= 8 + 40 + 60 + 2, "\(count) members of which 41 live")
            }
            let alive = try await store.find(RecordQuery(partition: .control, kind: .family, indexKey: [1], limit: 1000), now: now)
            #expect(alive.count == 40, "the last 39 and the one that was seen again")
            #expect(alive.first?.key.id == [0, 100])
        }
    }

    private static func ends(of index: ValkeyKey) -> ValkeyKey {
        var name = index.bytes
        name.writeBytes([255])
        return ValkeyKey(name)
    }

    private static func count(_ name: ValkeyKey, _ store: ValkeyStore) async throws -> Int {
        try await store.client.execute([ValkeyRawCommand(["ZCARD", name], keys: [name])])[0].get().decode(as: Int.self)
    }

    @Test func revocationsLeaveTheLogFromItsFrontAsNewOnesCome() async throws {
        try await Shape.valkey.run { place in
            let store = try await place.emptyStore()
            func revoke(for seconds: Int64, at time: UnixTime) async throws {
                let entry = RevocationEntry(.everything(upTo: time), expiresAt: time + .seconds(seconds))
                try await store.commit(WriteBatch(partition: .control, now: time, revocations: [entry]))
            }
            for seconds in [10, 20, 5, 40] as [Int64] { try await revoke(for: seconds, at: Sample.now) }
            try await revoke(for: 90, at: Sample.now + .seconds(10))
            #expect(try await store.revocations(in: .control, after: 0, limit: 10).map(\.number) == [2, 3, 4, 5])
            try await revoke(for: 90, at: Sample.now + .seconds(99))
            #expect(try await store.revocations(in: .control, after: 0, limit: 10).map(\.number) == [5, 6])
            #expect(try await store.revocationHeads() == [.control: 6])
        }
    }

    private static func timeToLive(_ name: ValkeyKey, _ store: ValkeyStore) async throws -> Int {
        try await store.client.execute([ValkeyRawCommand(["PTTL", name], keys: [name])])[0].get().decode(as: Int.self)
    }
}
