/// What a grant decided: the outcome for the caller, and what must be committed before the caller hears of it.
///
/// A refusal may still write (reuse ends the family), so the error is a value in it, not a throw.
public struct Decision<Order: Sendable>: Sendable {
    /// What to issue or answer, or why not.
    public var outcome: Result<Order, OAuthError>
    /// What to commit first; may be empty for a refusal.
    public var batch: WriteBatch
    /// What the store has already and everybody must enforce before the caller hears of it, beside the revocations of the batch.
    public var known: [RevocationEntry]

    /// A decision.
    public init(_ outcome: Result<Order, OAuthError>, _ batch: WriteBatch, known: [RevocationEntry] = []) {
        self.outcome = outcome
        self.batch = batch
        self.known = known
    }
}

/// The chance that one request needs, drawn once.
public struct Randomness: Sendable, Hashable {
    /// Sixteen bytes for the salt of a new family.
    public let salt: [UInt8]
    /// Sixty-four bits for the id of a new session.
    public let session: UInt64
    /// Sixteen bytes for the `jti` of the access token.
    public let tokenID: [UInt8]

    /// Bytes that the caller drew from the system's generator.
    public init(salt: [UInt8], session: UInt64, tokenID: [UInt8]) {
        self.salt = salt
        self.session = session
        self.tokenID = tokenID
    }
}

/// An order to mint one pair: what the access token says and which refresh token goes with it.
public struct PairOrder: Sendable, Hashable {
    /// The session both belong to.
    public let session: SessionID
    /// The `sub` and `user_id`.
    public let subject: Subject
    /// The `client_id`, if a client began the session.
    public let client: ClientID?
    /// Scope, audience and further claims.
    public let attributes: Family.Attributes
    /// The `jti`: sixteen bytes.
    public let tokenID: [UInt8]
    /// The `iat`.
    public let issuedAt: UnixTime
    /// The `exp`, rounded down to a second.
    public let expiresAt: UnixTime
    /// Which refresh token of the family.
    public let generation: UInt32
    /// The seal key and the salt to make it with.
    public let seal: SealNumber
    /// Sixteen bytes of the family's record.
    public let salt: [UInt8]

    /// The pair of a family as it stands after a login or a refresh.
    public init(family: Family, generation: UInt32, policy: SessionPolicy, tokenID: [UInt8], now: UnixTime) {
        session = family.id
        subject = family.subject
        client = family.client
        attributes = family.attributes
        self.tokenID = tokenID
        issuedAt = now
        // A retry does not write the family: under a configuration that has changed since the rotation, what the record remembers caps it.
        expiresAt = min(policy.accessEnd(now: now, sessionEnd: family.end), family.lastAccessEnd - SessionPolicy.mostLeeway)
        self.generation = generation
        seal = family.seal
        salt = family.salt
    }
}
