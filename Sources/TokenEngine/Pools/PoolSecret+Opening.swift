import TokenCore
import TokenSealing

extension PoolSecret {
    /// What the record is, for whoever opens it.
    private static let context = "secret of the pools"
    /// How often a race with other instances is run again.
    private static let attempts = 4

    /// The secret of a store's pools: read, or drawn where there is none; sealed again when an older seal key sealed it. Never when a newer one
    /// did: another instance is then ahead of this one in the roll-out.
    ///
    /// - Throws: what the store throws; `.corrupt` when it does not open.
    static func open(in store: any RecordStore, seals: SealKeys, now: UnixTime) async throws(StoreError) -> Secret {
        for _ in 1...attempts {
            do throws(StoreError) {
                return try await openOnce(in: store, RecordSealer(seals), now: now)
            } catch .conflict {
                continue
            } catch {
                throw error
            }
        }
        throw .unavailable("conflict after conflict about the secret of the pools")
    }

    private static func openOnce(in store: any RecordStore, _ sealer: RecordSealer, now: UnixTime) async throws(StoreError) -> Secret {
        guard let read = try await store.load(PoolSecret.self, id: (), now: now) else {
            let secret = Secret(SystemRandomness.bytes(PoolSealer.secretLength))
            try await write(secret, over: .absent, in: store, sealer, now: now)
            return secret
        }
        let secret: Secret, number: SealNumber
        do {
            secret = try sealer.open(read.record.sealed, context: context)
            number = try RecordSealer.sealNumber(of: read.record.sealed)
        } catch {
            throw .corrupt("the secret of the pools does not open: \(error)")
        }
        guard secret.bytes.count == PoolSealer.secretLength else { throw .corrupt("the secret of the pools has another length") }
        if number < sealer.current { try await write(secret, over: read.version, in: store, sealer, now: now) }
        return secret
    }

    private static func write(
        _ secret: Secret, over version: Version, in store: any RecordStore, _ sealer: RecordSealer, now: UnixTime
    ) async throws(StoreError) {
        let record = PoolSecret(sealed: sealer.seal(secret, context: context))
        try await store.commit(WriteBatch(partition: .control, now: now, writes: [.put(record, over: version)]))
    }
}
