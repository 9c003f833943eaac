import TestSupport
import Testing

@testable import TokenCore

/// Every stored form: what is written reads back, what is cut short or bent is corrupt, and nothing traps.
@Suite struct RecordCodecTests {
    static let subject = Subject(text: "anna")!
    static let id = SessionID(birth: UnixTime(milliseconds: 1_700_000_000_000), partition: Partition(of: subject, count: 64), random: 5)

    static func family(_ subject: Subject = subject, client: String? = nil, _ attributes: Family.Attributes = .init()) -> Family {
        Family(
            id: id, subject: subject, client: client.flatMap { ClientID($0) }, seal: SealNumber(3), salt: Array(0..<16), attributes: attributes,
            policy: SessionPolicy(), now: id.birth)
    }

    /// Families in every state, with everything present and everything absent.
    static var families: [Family] {
        let full = Family.Attributes(scope: "a b", audience: "https://api", device: "Telefon 📱", claims: Array(#""x":1"#.utf8))
        var all = [family(), family(Subject(integer: 7)!), family(client: "shop", full), family(Subject(text: String(repeating: "s", count: 255))!)]
        for reason in Family.RevocationReason.allCases {
            var revoked = family(client: "shop", full)
            revoked.revoke(reason, policy: SessionPolicy(), now: id.birth + .seconds(5))
            all.append(revoked)
        }
        var far = family()
        far.life = .active(generation: .max, rotatedAt: .distantFuture)
        return all + [far]
    }

    static var subjects: [SubjectRecord] {
        var ended = SubjectRecord(subject: subject, partition: id.partition)
        _ = ended.endAll(policy: SessionPolicy(), now: id.birth)
        var reaped = ended
        reaped.awaitsReaper = false
        var limited = SubjectRecord(subject: subject, partition: id.partition)
        limited.keep(policy: SessionPolicy(), now: id.birth)
        return [ended, reaped, limited]
    }

    static func stored(_ record: some Record) -> StoredRecord {
        guard case .put(let stored, _) = Write.put(record, over: .absent) else { preconditionFailure("a put is a put") }
        return stored
    }

    @Test func everyRecordReadsBack() throws {
        for family in Self.families { #expect(try Family(stored: Self.stored(family)) == family) }
        for subject in Self.subjects { #expect(try SubjectRecord(stored: Self.stored(subject)) == subject) }
        let epoch = StoreEpoch(upTo: Self.id.birth, expiresAt: .distantFuture)
        #expect(try StoreEpoch(stored: Self.stored(epoch)) == epoch)
    }

    @Test func aSubjectComesBackAsItWasGiven() throws {
        let number = try Family(stored: Self.stored(Self.family(Subject(integer: 7)!)))
        let text = try Family(stored: Self.stored(Self.family(Subject(text: "7")!)))
        #expect(number.subject.isInteger && !text.subject.isInteger)
    }

    /// "A session is one row of at most 400 bytes plus what the caller stored".
    @Test func aFamilyIsSmall() {
        #expect(Self.family().encoded().count <= 120)
        #expect(Self.family(Subject(text: String(repeating: "s", count: 255))!, client: String(repeating: "c", count: 64)).encoded().count <= 400)
    }

    @Test func everyTruncatedRecordIsCorruptAndSoIsOneWithMore() {
        for family in Self.families { expectStrict(Self.stored(family)) { record throws(StoreError) in _ = try Family(stored: record) } }
        for subject in Self.subjects { expectStrict(Self.stored(subject)) { record throws(StoreError) in _ = try SubjectRecord(stored: record) } }
        expectStrict(Self.stored(StoreEpoch(upTo: .epoch, expiresAt: .distantFuture))) { record throws(StoreError) in
            _ = try StoreEpoch(stored: record)
        }
    }

    @Test func anUnknownFormIsCorrupt() {
        for form in [UInt8(0), 2, 255] {
            var family = Self.stored(Self.family())
            var subject = Self.stored(Self.subjects[0])
            var epoch = Self.stored(StoreEpoch(upTo: .epoch, expiresAt: .distantFuture))
            (family.body[0], subject.body[0], epoch.body[0]) = (form, form, form)
            #expect(isCorrupt { () throws(StoreError) in _ = try Family(stored: family) })
            #expect(isCorrupt { () throws(StoreError) in _ = try SubjectRecord(stored: subject) })
            #expect(isCorrupt { () throws(StoreError) in _ = try StoreEpoch(stored: epoch) })
        }
    }

    @Test func aKeyThatNamesNothingIsCorrupt() {
        func moved(_ record: StoredRecord, _ id: [UInt8]) -> StoredRecord {
            var record = record
            record.key = RecordKey(partition: record.key.partition, kind: record.key.kind, id: id)
            return record
        }
        for id: [UInt8] in [[], [1], Array(repeating: 0, count: 16)] {
            #expect(isCorrupt { () throws(StoreError) in _ = try Family(stored: moved(Self.stored(Self.family()), id)) })
        }
        for id: [UInt8] in [[], [0xff], Array(repeating: 0x61, count: 256)] {
            #expect(isCorrupt { () throws(StoreError) in _ = try SubjectRecord(stored: moved(Self.stored(Self.subjects[0]), id)) })
        }
    }

    @Test func chanceNeverTrapsAReader() {
        var chance = SplitMix(seed: 1)
        var read = 0
        for round in 0..<20_000 {
            var record = Self.stored(Self.families[round % 4])
            for _ in 0...Int.random(in: 0..<4, using: &chance) {
                record.body[Int.random(in: record.body.indices, using: &chance)] = .random(in: 0...255, using: &chance)
            }
            if round % 5 == 0 { record.body = (0..<Int.random(in: 0..<200, using: &chance)).map { _ in .random(in: 0...3, using: &chance) } }
            if (try? Family(stored: record)) != nil { read += 1 }
            _ = try? SubjectRecord(stored: record)
            _ = try? StoreEpoch(stored: record)
            _ = try? Event(stored: record.body)
            _ = try? RevocationEntry(stored: record.body)
        }
        #expect(read > 0, "some bent bytes are still a family")
    }

    private func expectStrict(_ record: StoredRecord, _ read: (StoredRecord) throws(StoreError) -> Void) {
        for count in 0..<record.body.count {
            var cut = record
            cut.body = Array(record.body.prefix(count))
            #expect(isCorrupt { () throws(StoreError) in try read(cut) }, "\(count) of \(record.body.count) bytes")
        }
        var long = record
        long.body.append(0)
        #expect(isCorrupt { () throws(StoreError) in try read(long) })
    }
}
