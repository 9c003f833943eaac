/// Every signing key of a store, in one record: what changes together is compared and swapped together.
///
/// The ring is only data. What may happen to it is `KeyMachine`.
public struct KeyRing: Hashable, Sendable {
    /// How many keys a ring has at most: a ring of ML-DSA-87 keys is then a record of 250 KB. Retired keys make room first; after that an
    /// ordinary rotation waits until a verifying key has retired.
    public static let most = 64

    /// In the order in which they were made.
    public internal(set) var keys: [RingKey]
    /// Which seal keys living sessions need, by number.
    public internal(set) var seals: [SealUse]

    /// How long a seal key is still needed by sessions.
    public struct SealUse: Hashable, Sendable {
        /// Which.
        public let number: SealNumber
        /// When the last session that was born with it is over.
        public internal(set) var neededUntil: UnixTime
    }

    /// A ring without a key: what a new store begins with.
    public init() {
        keys = []
        seals = []
    }

    /// The key that signs.
    public var signing: RingKey? { keys.first(where: \.isSigning) }
    /// The unused key that takes over.
    public var published: RingKey? { keys.first(where: \.isPublished) }
    /// What the key set shows, in the order in which it was made.
    public var visible: [RingKey] { keys.filter(\.isVisible) }
    /// The key of that name.
    public subscript(id: KeyID) -> RingKey? { keys.first { $0.id == id } }
}

extension KeyRing {
    /// What is wrong with the ring; empty when every invariant holds. A ring that breaks one is neither stored nor read.
    public func violations() -> [String] {
        var found: [String] = []
        func check(_ holds: Bool, _ claim: String) { if !holds { found.append(claim) } }
        check(Set(keys.map(\.id)).count == keys.count, "no two keys have one name")
        check(keys.count <= Self.most, "the ring is bounded")
        check(keys.filter(\.isSigning).count <= 1, "at most one key signs")
        check(keys.filter(\.isPublished).count <= 1, "at most one unused key is published")
        check(keys.filter(\.isStaged).count <= 1, "at most one key is staged")
        check(signing != nil || published == nil, "a published key signs when no other does")
        check(published != nil || !keys.contains(where: \.isStaged), "a staged key is published when no other is")
        check(keys.allSatisfy { $0.material?.sealed.isEmpty != true }, "whoever may sign has a private half")
        check(keys.allSatisfy { !$0.publicJWK.isEmpty && !$0.algorithm.isEmpty }, "every key has a public half")
        check(keys.allSatisfy(\.isOrdered), "no key is relieved before it served")
        check(Set(seals.map(\.number)).count == seals.count, "no seal key is counted twice")
        return found
    }
}

extension RingKey {
    fileprivate var isOrdered: Bool {
        switch state {
        case .staged: true
        case .published(_, let since), .signing(_, let since, _), .retired(let since, _): since >= createdAt
        case .verifying(let since, let until): since >= createdAt && until >= since
        }
    }
}

extension KeyRing {
    /// How long an access token may still live that any key of the ring has signed or will sign under an earlier configuration: at least as long
    /// must revocations be remembered.
    public func longestAccessLifetime(now: UnixTime) -> Duration {
        keys.map { key in
            switch key.state {
            case .signing(_, _, let duty): duty.longestToken
            case .verifying(_, let until): max(.zero, until - now)
            case .staged, .published, .retired: .zero
            }
        }.max() ?? .zero
    }
}
