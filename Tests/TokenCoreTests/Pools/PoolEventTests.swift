import Testing
import TokenCore

/// Events of pools in the outbox.
@Suite struct PoolEventTests {
    private let now = UnixTime(milliseconds: 1_790_000_000_123)

    @Test(arguments: PoolEvent.Kind.allCases)
    func eventOfAPoolReadsAsItWasWritten(kind: PoolEvent.Kind) throws {
        for held in [nil, Duration.zero, .milliseconds(1_234)] {
            for (lease, holder) in [(LeaseNumber.none, ""), (LeaseNumber(1_790_000_000_123_000), "wörker 7")] {
                let event = Event(
                    PoolEvent(kind, at: now, token: PoolWorld.id(3), lease: lease, holder: holder, held: held), in: .usual)
                #expect(event.pooled?.token == PoolWorld.id(3))
                #expect(try Event(stored: event.encoded()) == event)
            }
        }
    }

    /// Byte for byte what was written before there were pools.
    @Test func eventOfAnEarlierVersionStillReads() throws {
        var writer = ByteWriter()
        writer.write("refreshed")
        writer.write(now)
        writer.write("user" as String?)
        writer.write(0 as UInt8)
        writer.write("client" as String?)
        writer.write(nil as String?)
        writer.write(nil as String?)
        writer.write(1 as UInt8)
        writer.write(7 as UInt64)
        let event = Event(.refreshed, at: now, subject: "user", client: "client", count: 7)
        #expect(try Event(stored: writer.bytes) == event)
        #expect(event.encoded() == writer.bytes, "what is not of a pool is written as before")
    }

    @Test func tailThatIsCutOrTooLongIsCorrupt() {
        let event = Event(PoolEvent(.assigned, at: now, token: PoolWorld.id(3), lease: LeaseNumber(9), holder: "w"), in: .usual)
        let whole = event.encoded()
        let head = Event(.tokenAssigned, at: now).encoded().count
        for length in head + 1..<whole.count {
            #expect(throws: StoreError.self, "\(length) bytes") { try Event(stored: Array(whole.prefix(length))) }
        }
        #expect(throws: StoreError.self) { try Event(stored: whole + [0]) }
    }
}
