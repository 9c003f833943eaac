public import TokenCore
import TokenSealing

/// What still needs a seal key: so that whoever administers the store knows when an old one may leave the file.
public struct SealUsage: Hashable, Sendable {
    /// Which key.
    public let number: SealNumber
    /// Whether the seal file has it.
    public let isInFile: Bool
    /// Whether it is the one that seals.
    public let isCurrent: Bool
    /// How many signing keys are sealed with it; they are sealed again by themselves.
    public let signingKeys: Int
    /// How many client secrets were hashed under it: until those clients get a new secret.
    public let clientSecrets: Int
    /// How many secrets of pools are sealed with it, 0 or 1: sealed again when an instance starts that seals with a newer one.
    public let poolSecrets: Int
    /// When the last session that was born with it is over; nil when none can be alive.
    public let sessionsUntil: UnixTime?

    /// Whether the key may be taken out of the file without a loss.
    public var isDispensable: Bool { !isCurrent && signingKeys == 0 && clientSecrets == 0 && poolSecrets == 0 && sessionsUntil == nil }
}

extension KeyKeeper {
    /// What needs each seal key, of the file and of the store, by number.
    ///
    /// - Throws: `.store`.
    public func sealUsage() async throws(KeyKeeperError) -> [SealUsage] {
        let now = clock.now()
        let ring = snapshot.ring
        var keys: [SealNumber: Int] = [:]
        for material in ring.keys.compactMap(\.material) {
            if let number = try? RecordSealer.sealNumber(of: material.sealed) { keys[number, default: 0] += 1 }
        }
        let secrets = try await sealsOfClientSecrets(now: now)
        let pools = try await sealOfPools(now: now)
        var sessions: [SealNumber: UnixTime] = [:]
        for use in ring.seals where use.neededUntil > now { sessions[use.number] = use.neededUntil }
        let numbers = Set(seals.numbers).union(keys.keys).union(secrets.keys).union(sessions.keys).union(pools.map { [$0] } ?? [])
        return numbers.sorted().map { number in
            SealUsage(
                number: number, isInFile: seals.contains(number), isCurrent: number == seals.current.number,
                signingKeys: keys[number] ?? 0, clientSecrets: secrets[number] ?? 0, poolSecrets: pools == number ? 1 : 0,
                sessionsUntil: sessions[number])
        }
    }

    /// Which seal key the secret of the pools is sealed with; nil while there is none.
    private func sealOfPools(now: UnixTime) async throws(KeyKeeperError) -> SealNumber? {
        do {
            guard let secret = try await store.load(PoolSecret.self, id: (), now: now)?.record else { return nil }
            return try? RecordSealer.sealNumber(of: secret.sealed)
        } catch {
            throw .store(error)
        }
    }

    /// How many stored hashes each seal key made: one pass over the clients, a page at a time.
    private func sealsOfClientSecrets(now: UnixTime) async throws(KeyKeeperError) -> [SealNumber: Int] {
        var counts: [SealNumber: Int] = [:]
        var query = RecordQuery(partition: .control, kind: .client, limit: 500)
        do {
            while true {
                let page = try await store.find(query, now: now)
                for stored in page {
                    for number in try ClientRecord(stored: stored).secrets.compactMap({ KeyedHash.sealNumber(of: $0) }) {
                        counts[number, default: 0] += 1
                    }
                }
                guard page.count == query.limit, let last = page.last else { return counts }
                query.after = last.key.id
            }
        } catch {
            throw .store(error)
        }
    }
}
