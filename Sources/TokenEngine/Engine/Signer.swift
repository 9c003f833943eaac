public import JOSE

/// Signs access tokens with one key. Asynchronous, so that the key may live in an HSM.
///
/// Promises of an implementer: callable from any task; what it returns verifies under `keyID` in the published key set.
public protocol Signer: Sendable {
    /// The compact serialization of a JWS over `payload`, typed `at+jwt` (RFC 9068 section 2.1).
    func sign(_ payload: [UInt8]) async throws(JOSEError) -> [UInt8]
}

/// Says which signer signs now.
public protocol SignerSource: Sendable {
    /// The signer of the key in state `signing`; nil while there is none, and then nothing is issued.
    var signer: (any Signer)? { get }
    /// Whether any key is known whose tokens are accepted: it may be that none signs now. Without it: whether one signs.
    var knowsKeys: Bool { get }
}

extension SignerSource {
    /// Whether one signs.
    public var knowsKeys: Bool { signer != nil }
}

/// Signs in this process.
public struct LocalSigner: Signer {
    private let signer: JWSSigner

    /// A signer of access tokens with a key in memory.
    public init(key: SigningKey) { signer = JWSSigner(key: key, type: "at+jwt") }

    /// Signs at once.
    public func sign(_ payload: [UInt8]) async throws(JOSEError) -> [UInt8] { try signer.sign(payload) }
}
