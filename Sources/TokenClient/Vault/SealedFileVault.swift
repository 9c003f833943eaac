import Dispatch
public import TokenCore
public import TokenSealing

/// Keeps grants in a folder of this machine, one sealed file each: for processes of one user, without a store.
///
/// The folder is its owner's alone (0700), the files too (0600). A file is replaced as a whole, and when `save` returns it and its name are on the
/// disk. Writers of one grant take turns by a lock on a file beside it. The time is this machine's.
public final class SealedFileVault: TokenVault {
    private let folder: VaultFolder
    private let sealer: UpstreamSealer
    /// One at a time, beside the pool of threads that tasks run on: a disk may keep its caller waiting.
    private let queue = DispatchQueue(label: "mintmark.token-vault")

    /// A vault in a folder, which is made if it is not there.
    ///
    /// - Parameter seals: what grants are sealed with; kept elsewhere than in that folder.
    /// - Throws: `.unavailable` when the folder cannot be made, is somebody else's, or can be read by others.
    public init(folder path: String, seals: SealKeys) throws(StoreError) {
        folder = try VaultFolder(path)
        sealer = UpstreamSealer(seals)
    }

    /// The grant of that key.
    public func load(_ key: VaultKey) async throws(StoreError) -> VaultEntry {
        let name = key.hexadecimal
        let file = try await onQueue { [folder] () throws(StoreError) in try folder.read(name) }
        let now = Moment.read().wall
        guard let file else { return VaultEntry(UpstreamGrant(), version: .absent, now: now) }
        let grant: Secret
        do { grant = try sealer.open(file.sealed, digest: key.digest) } catch {
            throw .corrupt("an upstream grant does not open: \(error)")
        }
        return VaultEntry(try UpstreamGrant(grant), version: file.version, now: now)
    }

    /// Writes it, if nobody was faster.
    public func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) async throws(StoreError) {
        let name = key.hexadecimal
        let sealed = sealer.seal(grant.encoded(), digest: key.digest)
        try await onQueue { [folder] () throws(StoreError) in
            try folder.replace(name, over: version, with: VaultFolder.File(version: version.next, sealed: sealed))
        }
    }

    /// What it is.
    public var description: String { "folder" }

    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws(StoreError) -> Value) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(StoreError) { continuation.resume(returning: .success(try body())) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
