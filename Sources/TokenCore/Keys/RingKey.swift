/// One signing key and how far its life has come.
///
///     staged → published → signing → verifying → retired → (destroyed: no longer in the ring)
public struct RingKey: Hashable, Sendable {
    /// The private half, sealed. Only the states that may still sign have one, so a key that stopped signing cannot start again.
    public struct Material: Hashable, Sendable {
        /// What `RecordSealer` made of the private bytes; never empty.
        public var sealed: [UInt8]

        /// Sealed private bytes.
        public init(sealed: [UInt8]) { self.sealed = sealed }
    }

    /// The life of one key.
    public enum State: Hashable, Sendable {
        /// Made, seen by nobody. Goes to `published` as soon as no other unused key is.
        case staged(Material)
        /// In the key set, unused: the one that takes over. Goes to `signing` after `publishAhead`, at once if no key signs.
        case published(Material, since: UnixTime)
        /// Signs. Goes to `verifying` when the published key takes over, never before one can.
        case signing(Material, since: UnixTime, Duty)
        /// In the key set, its private half gone. Goes to `retired` when the last token it signed has expired everywhere.
        case verifying(since: UnixTime, until: UnixTime)
        /// No longer accepted; kept for lists. Leaves the ring after `KeyPolicy.remembered`.
        case retired(since: UnixTime, Retirement)
    }

    /// What has to be known of the key that signs.
    public struct Duty: Hashable, Sendable {
        /// The longest lifetime any access token may have been given while it signed, in this or an earlier configuration.
        public var longestToken: Duration
        /// Whether it was ordered to hand over as soon as the published key may sign.
        public var isLeaving: Bool
        /// Whether it took over by order: then the same order, repeated, is done already.
        public var cameByOrder: Bool

        /// What the signing key has done and shall do.
        public init(longestToken: Duration, isLeaving: Bool = false, cameByOrder: Bool = false) {
            self.longestToken = longestToken
            self.isLeaving = isLeaving
            self.cameByOrder = cameByOrder
        }
    }

    /// Why a key is no longer accepted.
    public enum Retirement: UInt8, Hashable, Sendable {
        /// Every token it signed has expired.
        case outlived = 1
        /// By order, in an emergency.
        case revoked = 2
    }

    /// Its `kid`.
    public let id: KeyID
    /// The `alg` it signs with.
    public let algorithm: String
    /// The JSON of its public half.
    public let publicJWK: [UInt8]
    /// When it was made.
    public let createdAt: UnixTime
    /// How far its life has come.
    public internal(set) var state: State

    /// A key just made.
    public init(id: KeyID, algorithm: String, publicJWK: [UInt8], sealed: [UInt8], createdAt: UnixTime) {
        self.id = id
        self.algorithm = algorithm
        self.publicJWK = publicJWK
        self.createdAt = createdAt
        state = .staged(Material(sealed: sealed))
    }

    init(id: KeyID, algorithm: String, publicJWK: [UInt8], createdAt: UnixTime, state: State) {
        self.id = id
        self.algorithm = algorithm
        self.publicJWK = publicJWK
        self.createdAt = createdAt
        self.state = state
    }
}

extension RingKey {
    /// Whether the key set shows it, and so whether what it signed is accepted.
    public var isVisible: Bool {
        switch state {
        case .published, .signing, .verifying: true
        case .staged, .retired: false
        }
    }

    /// The state's name, for lists and metrics: from a set of six, `revoked` among them.
    public var stateName: String {
        switch state {
        case .staged: "staged"
        case .published: "published"
        case .signing: "signing"
        case .verifying: "verifying"
        case .retired(_, .outlived): "retired"
        case .retired(_, .revoked): "revoked"
        }
    }

    /// When the state began.
    public var since: UnixTime {
        switch state {
        case .staged: createdAt
        case .published(_, let since), .signing(_, let since, _), .verifying(let since, _), .retired(let since, _): since
        }
    }

    /// When a verifying key retires; nil in every other state.
    public var until: UnixTime? { if case .verifying(_, let until) = state { until } else { nil } }

    /// The sealed private half, while there is one.
    public var material: Material? {
        switch state {
        case .staged(let material), .published(let material, _), .signing(let material, _, _): material
        case .verifying, .retired: nil
        }
    }

    var isStaged: Bool { if case .staged = state { true } else { false } }
    var isPublished: Bool { if case .published = state { true } else { false } }
    var isSigning: Bool { if case .signing = state { true } else { false } }
    var isRetired: Bool { if case .retired = state { true } else { false } }
}
