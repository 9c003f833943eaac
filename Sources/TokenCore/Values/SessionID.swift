/// The name of one session and of the family of refresh tokens that keeps it alive: the `sid` of its tokens.
///
/// The layout is that of RFC 9562 version 7: 48 bits of birth in milliseconds, 12 bits that carry the partition instead of
/// chance, 62 random bits. So a session id tells where its record lives and when it was born, without a look-up; it is a
/// name, not a secret.
public struct SessionID: Hashable, Sendable {
    /// The first eight bytes, big endian: birth, version and partition.
    public let high: UInt64
    /// The last eight bytes, big endian: variant and chance.
    public let low: UInt64

    /// A new id.
    ///
    /// - Parameters:
    ///   - birth: what epochs are compared with; taken modulo 2^48 ms (the year 10889).
    ///   - random: 64 bits of chance, of which 62 are kept.
    public init(birth: UnixTime, partition: Partition, random: UInt64) {
        let time = UInt64(truncatingIfNeeded: birth.milliseconds) & 0xffff_ffff_ffff
        high = time << 16 | 0x7000 | UInt64(partition.number)
        low = random & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    }

    /// The id of these halves; nil unless version and variant are those of RFC 9562 version 7.
    public init?(high: UInt64, low: UInt64) {
        guard high >> 12 & 0xf == 7, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// When the session was born: dead for every epoch at or after this (to the millisecond).
    public var birth: UnixTime { UnixTime(milliseconds: Int64(high >> 16)) }
    /// Where its record lives.
    public var partition: Partition { Partition(number: UInt16(high & 0xfff)) ?? .control }

    /// The sixteen bytes, in order: sorts by birth.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for half in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: half >> UInt64(shift))) }
        }
        return bytes
    }

    /// The id of sixteen bytes; nil when there are not sixteen or they are no version 7 id.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { halves.0 = halves.0 << 8 | UInt64(byte) } else { halves.1 = halves.1 << 8 | UInt64(byte) }
        }
        self.init(high: halves.0, low: halves.1)
    }
}

extension SessionID: CustomStringConvertible, LosslessStringConvertible {
    /// The usual 36 characters, lower case (RFC 9562 section 4).
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The id that prints as `text`, and no other spelling of it; nil otherwise.
    public init?(_ text: String) {
        var digits: [UInt8] = []
        for (index, byte) in text.utf8.enumerated() {
            guard index < 36 else { return nil }
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        guard digits.count == 32 else { return nil }
        self.init(bytes: stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }
}
