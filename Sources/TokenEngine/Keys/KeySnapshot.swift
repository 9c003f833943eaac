public import JOSE
public import TokenCore

/// The signing keys as they stand: an immutable value, made once for every change and read by everybody.
public struct KeySnapshot: Sendable {
    /// The ring that it shows.
    public let ring: KeyRing
    /// The version of the ring's record.
    public let version: Version
    /// Signs access tokens; nil when nothing may be issued.
    public let signer: (any Signer)?
    /// Every key whose tokens are accepted, by `kid`.
    public let verification: [KeyID: VerificationKey]
    /// The JWK Set to publish (RFC 7517 section 5).
    public let document: [UInt8]
    /// The document's entity tag, quotes included (RFC 9110 section 8.8.3). The same on every instance.
    public let etag: String
    /// How long caches may keep the document, in seconds.
    public let maxAge: Int64

    /// Before the keys are loaded: nothing is issued, nothing accepted.
    static let empty = KeySnapshot(
        ring: KeyRing(), version: .absent, signer: nil, verification: [:], document: Array(#"{"keys":[]}"#.utf8), maxAge: 0)

    private init(
        ring: KeyRing, version: Version, signer: (any Signer)?, verification: [KeyID: VerificationKey], document: [UInt8], maxAge: Int64
    ) {
        self.ring = ring
        self.version = version
        self.signer = signer
        self.verification = verification
        self.document = document
        self.maxAge = maxAge
        etag = Self.etag(of: document)
    }

    /// A snapshot of a ring.
    ///
    /// - Throws: when a public key of the ring cannot be read.
    init(_ ring: KeyRing, version: Version, signer: (any Signer)?, maxAge: Duration) throws(JOSEError) {
        var keys: [JWK] = []
        var verification: [KeyID: VerificationKey] = [:]
        for key in ring.visible {
            let jwk = try JWK(parsing: key.publicJWK)
            keys.append(jwk)
            verification[key.id] = try VerificationKey(jwk: jwk)
        }
        self.init(
            ring: ring, version: version, signer: signer, verification: verification, document: try JWKSet(keys).serialized,
            maxAge: maxAge.wholeMilliseconds / 1000)
    }

    /// The same keys, but nothing is signed with them any more.
    var withoutSigner: KeySnapshot {
        KeySnapshot(ring: ring, version: version, signer: nil, verification: verification, document: document, maxAge: maxAge)
    }

    /// FNV-1a of the bytes: a change detector between documents that we write, not a defence.
    private static func etag(of document: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in document { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return "\"\(String(hash, radix: 36))\""
    }
}

/// What everybody who holds keys is told.
public struct KeyChange: Sendable {
    /// The keys as they stand now.
    public let snapshot: KeySnapshot
    /// What must no longer be accepted, whatever the snapshot says.
    public let revocations: [RevocationEntry]
    /// What was committed with it by this instance.
    public let events: [Event]
}
