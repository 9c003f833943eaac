import Testing
import TokenCore

/// The stored forms of events and revocations.
@Suite struct LogCodecTests {
    static let id = RecordCodecTests.id
    static let entries: [RevocationEntry] = [
        RevocationEntry(.session(id), expiresAt: UnixTime(milliseconds: 9)),
        RevocationEntry(.subject(Subject(text: "é")!, upTo: UnixTime(milliseconds: 5)), expiresAt: .distantFuture),
        RevocationEntry(.client(ClientID("shop")!, upTo: .epoch), expiresAt: .epoch),
        RevocationEntry(.key(KeyID("k1")!), expiresAt: UnixTime(milliseconds: .min)),
        RevocationEntry(.everything(upTo: UnixTime(milliseconds: 1)), expiresAt: UnixTime(milliseconds: 2)),
    ]
    static var events: [Event] {
        let full = Event.Name.allCases.map {
            Event($0, at: UnixTime(milliseconds: 77), subject: "anna", session: id, client: "shop", key: "k1", reason: "logout", count: .max)
        }
        return full + [Event(.issued, at: .epoch), Event(.eventsDropped, at: .distantFuture, count: 0), Event(.revoked, at: .epoch, subject: "")]
    }

    @Test func everyEntryReadsBack() throws {
        for entry in Self.entries { #expect(try RevocationEntry(stored: entry.encoded()) == entry) }
    }

    @Test func everyEventReadsBack() throws {
        for event in Self.events { #expect(try Event(stored: event.encoded()) == event) }
    }

    @Test func everyTruncationAndAdditionIsCorrupt() {
        for entry in Self.entries {
            let bytes = entry.encoded()
            for cut in (0..<bytes.count).map({ Array(bytes.prefix($0)) }) + [bytes + [0]] {
                #expect(isCorrupt { () throws(StoreError) in _ = try RevocationEntry(stored: cut) }, "\(cut)")
            }
        }
        for event in Self.events {
            let bytes = event.encoded()
            for cut in (0..<bytes.count).map({ Array(bytes.prefix($0)) }) + [bytes + [0]] {
                #expect(isCorrupt { () throws(StoreError) in _ = try Event(stored: cut) }, "\(cut)")
            }
        }
    }

    @Test func whatNamesNothingIsCorrupt() {
        var unknown = Self.entries[0].encoded()
        unknown[8] = 99
        var noSession = Self.entries[0].encoded()
        noSession[9 + 6] = 0x4f
        for bytes in [unknown, noSession] { #expect(isCorrupt { () throws(StoreError) in _ = try RevocationEntry(stored: bytes) }) }
        var writer = ByteWriter()
        writer.write("no_such_event")
        writer.write(raw: Self.events[0].encoded().dropFirst(2 + "issued".utf8.count))
        #expect(isCorrupt { () throws(StoreError) in _ = try Event(stored: writer.bytes) })
        var bent = Self.events[0].encoded()
        bent[2 + 6 + 8 + 1 + 2 + 4 + 1 + 6] = 0x4f
        #expect(isCorrupt { () throws(StoreError) in _ = try Event(stored: bent) }, "a session of another version")
    }

    /// Stored numbers and names are for ever.
    @Test func numbersAndNamesNeverChange() {
        #expect(RecordKind.allCases.map(\.rawValue).prefix(5) == [1, 2, 3, 4, 5])
        #expect(Family.RevocationReason.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 6])
        #expect(Self.entries.map { $0.encoded()[8] } == [1, 2, 3, 4, 5])
        #expect(
            Set(Event.Name.allCases.map(\.rawValue)).isSuperset(of: [
                "issued", "refreshed", "refresh_retried", "reuse_detected", "revoked", "store_rollback_detected", "key_staged", "key_published",
                "key_signing", "key_verifying", "key_retired", "key_destroyed", "key_revoked", "client_created", "client_deleted", "events_dropped",
            ]))
    }
}
