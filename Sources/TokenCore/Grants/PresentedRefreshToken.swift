/// A refresh token whose outer tag was right: it was made with a seal key of ours, or by somebody who holds one.
///
/// Only the inner tag, checked with the salt of the family's record, makes it genuine.
public struct PresentedRefreshToken: Hashable, Sendable {
    /// The seal key that made both tags.
    public let seal: SealNumber
    /// The family it belongs to.
    public let family: SessionID
    /// How many rotations came before it: 0 for the token of the login.
    public let generation: UInt32
    /// Sixteen bytes to be compared with those that the family's salt gives.
    public let innerTag: [UInt8]

    /// What a refresh token says of itself.
    public init(seal: SealNumber, family: SessionID, generation: UInt32, innerTag: [UInt8]) {
        self.seal = seal
        self.family = family
        self.generation = generation
        self.innerTag = innerTag
    }
}
