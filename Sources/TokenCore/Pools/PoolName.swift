/// The name of a pool of tokens: 1 to 64 of `a-z`, `A-Z`, `0-9`, `-`, `_` and `.`, the first a letter or a digit. It stands in paths, scopes and
/// metrics, so that it needs no quoting anywhere.
public struct PoolName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as written.
    public let text: String
    /// The pool's own name, of a part too.
    private let wholeText: String
    /// Which part of its pool it names, from 1; 0 for the pool.
    fileprivate let number: Int

    /// A name; nil unless it keeps to the rule.
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.mayContain), let first = text.utf8.first,
            first != UInt8(ascii: "-"), first != UInt8(ascii: "_"), first != UInt8(ascii: ".")
        else { return nil }
        self.init(unchecked: text)
    }

    private init(unchecked text: String, partOf whole: String? = nil, number: Int = 0) {
        self.text = text
        wholeText = whole ?? text
        self.number = number
    }

    /// The pool of the paths that name none.
    public static let usual = PoolName(unchecked: "default")

    /// The name of one of a pool's parts (0 ..< count): one that no caller can write, and that comes after all that they can.
    public func part(_ index: Int, of count: Int) -> PoolName {
        PoolName(unchecked: "~\(count).\(index)~\(text)", partOf: text, number: index + 1)
    }

    /// The pool: of a part the one that it is a part of.
    public var whole: PoolName { PoolName(unchecked: wholeText) }

    /// By its bytes.
    public static func < (a: PoolName, b: PoolName) -> Bool { a.text < b.text }

    /// The name itself: not a secret.
    public var description: String { text }

    private static func mayContain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension Partition {
    /// The partition that everything of a pool lives in, its events too. The parts of a pool lie in the partitions after its own, each in another as long
    /// as there are as many.
    public init(of pool: PoolName, count: Int) {
        guard let subject = Subject(text: "pool:" + pool.whole.text) else { preconditionFailure("a pool's name is shorter than a subject may be") }
        self.init(of: subject, count: count)
        if pool.number > 0 { self = moved(by: pool.number, count: count) }
    }
}
