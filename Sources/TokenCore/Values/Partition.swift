/// The share of the store that everything of one subject lives in: the unit of atomicity.
///
/// Subjects are spread over `count` partitions by hash. `control` holds what belongs to no subject: keys, clients, the
/// epoch of the whole store.
public struct Partition: Hashable, Comparable, Sendable {
    /// 0 ..< count for subjects, 4095 for `control`.
    public let number: UInt16

    /// The partition of records that belong to no subject.
    public static let control = Partition(unchecked: 4095)
    /// As many partitions as a session id can name (12 bits, less the control partition's number).
    public static let most = 2048
    /// How many partitions a store has unless told otherwise.
    public static let usual = 64

    private init(unchecked number: UInt16) { self.number = number }

    /// The partition of that number; nil beyond twelve bits.
    public init?(number: UInt16) {
        guard number <= 4095 else { return nil }
        self.number = number
    }

    /// The partition of a subject in a store of `count` partitions (a power of two, at most `most`).
    ///
    /// FNV-1a with a final mix: stable for ever, because stored data depends on it.
    public init(of subject: Subject, count: Int) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in subject.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash ^= hash >> 32
        number = UInt16(truncatingIfNeeded: hash & UInt64(count - 1))
    }

    /// The partition that comes so many after this one, of `count`; after the last comes the first.
    func moved(by step: Int, count: Int) -> Partition { Partition(unchecked: UInt16((Int(number) + step) % count)) }

    /// By number.
    public static func < (a: Partition, b: Partition) -> Bool { a.number < b.number }
}
