import Synchronization
public import TokenCore

/// Keeps grants as long as the process lives, for its own managers: no vault, in the form of one.
public final class MemoryVault: TokenVault {
    /// Guarded for one look-up or one exchange.
    private let grants = Mutex<[VaultKey: (grant: UpstreamGrant, version: Version)]>([:])

    /// An empty one.
    public init() {}

    /// The grant of that key.
    public func load(_ key: VaultKey) -> VaultEntry {
        let kept = grants.withLock { $0[key] }
        return VaultEntry(kept?.grant ?? UpstreamGrant(), version: kept?.version ?? .absent, now: Moment.read().wall)
    }

    /// Writes it, if nobody was faster.
    public func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) throws(StoreError) {
        let isWritten = grants.withLock { grants in
            guard grants[key]?.version ?? .absent == version else { return false }
            grants[key] = (grant, version.next)
            return true
        }
        if !isWritten { throw .conflict }
    }

    /// What it is.
    public var description: String { "memory" }
}
