import NIOCore

/// Which of the 16384 parts of a cluster a key belongs to: CRC16 of the key, or of what stands between its first `{` and the next `}`.
public struct HashSlot: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// How many there are.
    public static let count = 16384

    /// 0 to 16383.
    public let rawValue: UInt16

    /// - Returns: nil outside of 0 to 16383.
    public init?(rawValue: Int) {
        guard (0..<Self.count).contains(rawValue) else { return nil }
        self.rawValue = UInt16(rawValue)
    }

    /// The slot of a key.
    public init(key: ValkeyKey) { self.init(key: key.bytes.readableBytesView) }

    /// The slot of a key's bytes.
    public init(key: some BidirectionalCollection<UInt8>) {
        rawValue = Self.crc16(Self.hashTag(of: key)) % UInt16(Self.count)
    }

    /// The lower number first.
    public static func < (a: HashSlot, b: HashSlot) -> Bool { a.rawValue < b.rawValue }

    /// The number.
    public var description: String { "\(rawValue)" }

    /// What decides: an empty tag is none, and of several the first counts.
    static func hashTag<Bytes: BidirectionalCollection<UInt8>>(of key: Bytes) -> Bytes.SubSequence {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let rest = key[key.index(after: open)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close != rest.startIndex else { return key[...] }
        return rest[..<close]
    }

    /// CRC-16/XMODEM: polynomial 0x1021, nothing reflected, from 0.
    static func crc16(_ bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0) { crc, byte in crc << 8 ^ table[Int(UInt8(crc >> 8) ^ byte)] }
    }

    private static let table: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
    }
}
