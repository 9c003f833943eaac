/// The stored form of the ring.
extension KeyRing: Record {
    private static let form: UInt8 = 1

    /// There is one in a store.
    public static func key(for id: Void) -> RecordKey { RecordKey(partition: .control, kind: .keyRing, id: []) }
    /// There is one in a store.
    public var key: RecordKey { Self.key(for: ()) }
    /// Kept for ever.
    public var expiresAt: UnixTime { .distantFuture }

    /// Form 1: keys, then seal uses.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 512 * keys.count + 32)
        writer.write(Self.form)
        writer.write(UInt16(keys.count))
        for key in keys { key.write(to: &writer) }
        writer.write(UInt16(seals.count))
        for seal in seals {
            writer.write(seal.number.value)
            writer.write(seal.neededUntil)
        }
        return writer.bytes
    }

    /// The ring of a stored record.
    ///
    /// - Throws: `.corrupt` when the bytes are of another form, or tell of a ring that cannot be.
    public init(stored: StoredRecord) throws(StoreError) {
        var reader = ByteReader(stored.body)
        guard try reader.read(UInt8.self) == Self.form else { throw .corrupt("a key ring of an unknown form") }
        self.init()
        for _ in 0..<(try reader.read(UInt16.self)) { keys.append(try RingKey(&reader)) }
        for _ in 0..<(try reader.read(UInt16.self)) {
            seals.append(SealUse(number: SealNumber(try reader.read()), neededUntil: try reader.readTime()))
        }
        guard reader.isAtEnd else { throw .corrupt("a key ring with more behind it") }
        if let broken = violations().first { throw .corrupt("a key ring in which this does not hold: \(broken)") }
    }
}

extension RingKey {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(id.text)
        writer.write(algorithm)
        writer.write(sized: publicJWK)
        writer.write(createdAt)
        switch state {
        case .staged(let material):
            writer.write(UInt8(1))
            writer.write(sized: material.sealed)
        case .published(let material, let since):
            writer.write(UInt8(2))
            writer.write(sized: material.sealed)
            writer.write(since)
        case .signing(let material, let since, let duty):
            writer.write(UInt8(3))
            writer.write(sized: material.sealed)
            writer.write(since)
            writer.write(duty.longestToken.wholeMilliseconds)
            writer.write(UInt8((duty.isLeaving ? 1 : 0) + (duty.cameByOrder ? 2 : 0)))
        case .verifying(let since, let until):
            writer.write(UInt8(4))
            writer.write(since)
            writer.write(until)
        case .retired(let since, let retirement):
            writer.write(UInt8(5))
            writer.write(since)
            writer.write(retirement.rawValue)
        }
    }

    fileprivate init(_ reader: inout ByteReader) throws(StoreError) {
        guard let id = KeyID(try reader.readText()) else { throw .corrupt("a key without a name") }
        self.init(
            id: id, algorithm: try reader.readText(), publicJWK: Array(try reader.readSized()), createdAt: try reader.readTime(),
            state: try Self.readState(&reader))
    }

    private static func readState(_ reader: inout ByteReader) throws(StoreError) -> State {
        switch try reader.read(UInt8.self) {
        case 1: return .staged(try readMaterial(&reader))
        case 2: return .published(try readMaterial(&reader), since: try reader.readTime())
        case 3:
            let (material, since) = (try readMaterial(&reader), try reader.readTime())
            let longest = Duration.milliseconds(try reader.read(Int64.self))
            let orders = try reader.read(UInt8.self)
            guard orders <= 3 else { throw .corrupt("a signing key with unknown orders") }
            return .signing(material, since: since, Duty(longestToken: longest, isLeaving: orders & 1 != 0, cameByOrder: orders & 2 != 0))
        case 4: return .verifying(since: try reader.readTime(), until: try reader.readTime())
        case 5:
            let since = try reader.readTime()
            guard let retirement = Retirement(rawValue: try reader.read()) else { throw .corrupt("a key retired for no known reason") }
            return .retired(since: since, retirement)
        default: throw .corrupt("a key in no known state")
        }
    }

    private static func readMaterial(_ reader: inout ByteReader) throws(StoreError) -> Material {
        Material(sealed: Array(try reader.readSized()))
    }
}
