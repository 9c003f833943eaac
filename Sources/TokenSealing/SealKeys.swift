import Crypto
public import TokenCore

/// The numbered keys of a seal file: the first seals, all open.
///
/// A copy of the store without its seal file opens nothing and forges nothing. Numbers rise and are never used twice in one file's
/// history, so that "newer" is "higher". With several instances a key is brought in as three steps, each finished on every instance before
/// the next: `appending` (everybody can open what nobody seals yet), `promoting` (it seals), and, once `keys list` says that the
/// old one is needed no more, `removing`. One instance alone may promote at once.
public struct SealKeys: Sendable {
    /// How many keys a file may hold: more are a sign that nobody removes old ones, and every look-up walks them.
    public static let most = 64

    /// In the order of the file.
    let keys: [SealKey]

    /// Keys in the order of a file: at least one, no number twice. Whoever parsed or changed them has seen to that.
    init(unchecked keys: [SealKey]) { self.keys = keys }

    /// A file's worth of one fresh key, number 1.
    public static func generate() -> SealKeys {
        SealKeys(unchecked: [SealKey(number: SealNumber(1), material: SymmetricKey(size: .bits256))])
    }

    /// The key that seals: the first.
    public var current: SealKey { keys[0] }

    /// Every key's number, in the order of the file.
    public var numbers: [SealNumber] { keys.map(\.number) }

    /// Whether what this key sealed can be opened.
    public func contains(_ number: SealNumber) -> Bool { key(number) != nil }

    func key(_ number: SealNumber) -> SealKey? { keys.first { $0.number == number } }
}

extension SealKeys {
    /// The same keys and a fresh one at the end, numbered one above the highest: it opens, and seals nothing until it is promoted.
    ///
    /// - Throws: `.full`.
    public func appending() throws(SealError) -> SealKeys {
        let highest = keys.reduce(0) { max($0, $1.number.value) }
        guard keys.count < Self.most, highest < .max else { throw .full }
        return SealKeys(unchecked: keys + [SealKey(number: SealNumber(highest + 1), material: SymmetricKey(size: .bits256))])
    }

    /// The same keys with that one first: it seals from now on.
    ///
    /// - Throws: `.unknownSeal`.
    public func promoting(_ number: SealNumber) throws(SealError) -> SealKeys {
        guard let key = key(number) else { throw .unknownSeal(number) }
        return SealKeys(unchecked: [key] + keys.filter { $0.number != number })
    }

    /// The keys without that one: what it sealed can never be opened again.
    ///
    /// - Throws: `.unknownSeal`, `.lastKey`.
    public func removing(_ number: SealNumber) throws(SealError) -> SealKeys {
        guard contains(number) else { throw .unknownSeal(number) }
        guard keys.count > 1 else { throw .lastKey }
        return SealKeys(unchecked: keys.filter { $0.number != number })
    }
}

extension SealKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The numbers, never a key (canon 59).
    public var description: String { "SealKeys(\(numbers.map { String($0.value) }.joined(separator: ", ")))" }
    /// The numbers, never a key.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
