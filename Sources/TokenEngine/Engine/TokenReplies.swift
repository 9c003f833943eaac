public import TokenCore

/// A pair just minted: what `/login` and `/refresh` answer.
public struct TokenPair: Sendable {
    /// The access token: a compact JWS (RFC 9068), ASCII.
    public let access: [UInt8]
    /// The refresh token, opaque to its holder, ASCII.
    public let refresh: [UInt8]
    /// Seconds until the access token expires.
    public let expiresIn: Int64
    /// The session both belong to.
    public let session: SessionID
}

/// One live session as its subject sees it in a list.
public struct SessionSummary: Sendable, Hashable {
    /// Its name.
    public let id: SessionID
    /// Whose it is.
    public let subject: Subject
    /// Which client began it, if any.
    public let client: ClientID?
    /// The label given at login.
    public let device: String?
    /// When it began.
    public let createdAt: UnixTime
    /// When it was last refreshed or, with `auto_logout`, authenticated; as far as written.
    public let lastSeen: UnixTime
    /// When it is over whatever happens.
    public let endsAt: UnixTime
    /// How often it was refreshed.
    public let rotations: UInt32
    /// How many refreshes were retried.
    public let retries: UInt32

    init(_ family: Family) {
        id = family.id
        subject = family.subject
        client = family.client
        device = family.attributes.device
        createdAt = family.id.birth
        lastSeen = family.activity.lastSeen
        endsAt = family.end
        rotations = family.rotations
        retries = family.activity.retries
    }
}

/// A page of a subject's live sessions, oldest first.
public struct SessionPage: Sendable, Hashable {
    /// At most the asked number.
    public let sessions: [SessionSummary]
    /// Where the next page starts; nil when this is the last.
    public let next: SessionID?
}
