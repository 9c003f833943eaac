public import TokenCore
import TokenSealing

/// Where processes keep what they share of the tokens that others issue.
///
/// Promises of an implementer:
/// - Every method may be called from any task of any process, any number at once; none waits longer than a few seconds.
/// - `save` is a compare-and-swap: of any number of writers that expect the same version exactly one succeeds. A load that begins after it returned
///   sees it.
/// - When `save` returns, the grant survives what the vault says it survives; when it throws `.conflict`, `.unavailable` or `.overloaded` nothing
///   was written, and `.outcomeUnknown` says that it may have been.
/// - The time is of one clock for all who use the vault, and what is kept cannot be read without the seal.
public protocol TokenVault: Sendable {
    /// The grant of that key as it stands.
    ///
    /// - Throws: `.unavailable`, `.corrupt`.
    func load(_ key: VaultKey) async throws(StoreError) -> VaultEntry

    /// Writes a grant over the version that was read.
    ///
    /// - Throws: `.conflict` when it has another version now; as promised above.
    func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) async throws(StoreError)

    /// What it is, for a log.
    var description: String { get }
}

/// What a grant is kept by: a digest of everything that changes which token it is.
public struct VaultKey: Hashable, Sendable {
    /// SHA-256 of the identity's canonical bytes.
    public let digest: [UInt8]

    /// The key of an identity.
    public init(_ identity: TokenIdentity) { digest = UpstreamSealer.digest(of: identity.canonicalBytes) }

    /// 64 lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// A grant as a vault has it.
public struct VaultEntry: Sendable {
    /// What is kept; an empty grant where nothing is.
    public var grant: UpstreamGrant
    /// What to expect when writing it back.
    public var version: Version
    /// The vault's time, of a moment during the call.
    public var now: UnixTime
    /// By how much `now` may be ahead of the vault's clock; it is never behind.
    public var error: Duration

    /// An entry as it was read.
    public init(_ grant: UpstreamGrant, version: Version, now: UnixTime, error: Duration = .zero) {
        self.error = error
        self.grant = grant
        self.version = version
        self.now = now
    }
}
