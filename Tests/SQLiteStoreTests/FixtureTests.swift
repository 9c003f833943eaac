import Foundation
import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Files that earlier versions wrote stay readable. `version-1.db` was written by `Fixture.write`, and is never written again.
@Suite struct FixtureTests {
    @Test func aFileOfTheFirstVersionIsReadWhole() async throws {
        let folder = temporaryFolder()
        try SystemCalls.makeFolder(folder)
        let fixture = try #require(Bundle.module.url(forResource: "version-1", withExtension: "db", subdirectory: "Fixtures"))
        try SystemCalls.copy(fixture.path, to: folder + "/" + SQLiteStore.fileName)
        try await Fixture.check(folder)
    }

    /// So that the fixture is known to be what the first version writes.
    @Test func whatIsWrittenNowReadsTheSame() async throws {
        let folder = temporaryFolder()
        try await Fixture.write(to: folder)
        // The check goes on to write: the fixture is what was there before.
        if let target = getenv("MINTMARK_FIXTURE") { try SystemCalls.copy(folder + "/" + SQLiteStore.fileName, to: String(cString: target)) }
        try await Fixture.check(folder)
    }
}

/// A small store with something of everything.
private enum Fixture {
    static let partition = Partition(number: 5) ?? .control
    static let records = ([.family, .subject, .client, .keyRing, .storeEpoch] as [RecordKind]).map { kind in
        StoredRecord(
            key: RecordKey(partition: partition, kind: kind, id: [kind.rawValue, 0, 255]), version: Version(1), body: [1, 2, kind.rawValue],
            indexKey: kind == .family ? Array("user".utf8) : nil, expiresAt: kind == .family ? Sample.now + .seconds(60) : .distantFuture,
            activity: Activity(lastSeen: Sample.now, retries: UInt32(kind.rawValue)))
    }
    static let revocations = [
        RevocationEntry(.session(SessionID(birth: Sample.now, partition: partition, random: 1)), expiresAt: .distantFuture),
        RevocationEntry(.everything(upTo: Sample.now), expiresAt: .distantFuture),
    ]
    static let events = [Event(.issued, at: Sample.now, subject: "user", count: 1), Event(.revoked, at: Sample.now, reason: "logout")]

    static func write(to folder: String) async throws {
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, partitions: 8))
        // One event is written and trimmed, so that the numbers do not start at 1.
        try await store.commit(WriteBatch(partition: partition, now: Sample.now, events: [Event(.issued, at: Sample.now)]))
        try await store.trimEvents(through: 1)
        try await store.commit(
            WriteBatch(
                partition: partition, now: Sample.now, writes: records.map { .put($0, expecting: .absent) }, revocations: revocations, events: events)
        )
        await store.close()
    }

    static func check(_ folder: String) async throws {
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, partitions: 8))
        #expect(try await store.load(records.map(\.key), now: Sample.now) == records)
        let query = RecordQuery(partition: partition, kind: .family, indexKey: Array("user".utf8))
        #expect(try await store.find(query, now: Sample.now) == [records[0]])
        #expect(try await store.revocations(in: partition, after: 0, limit: 10).map(\.entry) == revocations)
        #expect(try await store.revocationHeads() == [partition: 2])
        #expect(
            try await store.events(after: 0, limit: 10) == [NumberedEvent(number: 2, event: events[0]), NumberedEvent(number: 3, event: events[1])])
        try await store.commit(WriteBatch(partition: partition, now: Sample.now, writes: [.put(records[0], expecting: Version(1))]))
        #expect(try await store.sweep(now: Sample.now + .seconds(60), limit: 10) == 1)
        await store.close()
    }
}
