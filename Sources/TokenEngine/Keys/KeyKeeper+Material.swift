import JOSE
import Synchronization
import TokenCore
import TokenSealing

extension KeyKeeper {
    /// Whether everything in the ring can be opened and every session's seal key is there.
    func check(_ ring: KeyRing, now: UnixTime) throws(KeyKeeperError) {
        for key in ring.keys where key.material != nil { _ = try open(key) }
        for use in ring.seals where use.neededUntil > now && !seals.contains(use.number) {
            throw .sealMissing(use.number, sessionsUntil: use.neededUntil)
        }
    }

    func make(_ algorithm: String, _ now: UnixTime) throws(KeyKeeperError) -> RingKey {
        guard let known = Algorithm(rawValue: algorithm) else { throw .cannotSign(algorithm: algorithm) }
        let key: SigningKey
        do { key = try SigningKey.generate(known) } catch {
            throw error == .unsupportedAlgorithm(known) ? .cannotSign(algorithm: algorithm) : .key(error)
        }
        guard let id = KeyID(key.keyID) else { preconditionFailure("a thumbprint of \(key.keyID.utf8.count) bytes") }
        let sealed = sealer.seal(Secret(key.serialized), context: Self.context(id))
        state.withLock { $0.opened[id] = key }
        return RingKey(id: id, algorithm: algorithm, publicJWK: key.publicJWK.serialized, sealed: sealed, createdAt: now)
    }

    /// The private key, opened once.
    func open(_ key: RingKey) throws(KeyKeeperError) -> SigningKey {
        if let opened = state.withLock({ $0.opened[key.id] }) { return opened }
        guard let algorithm = Algorithm(rawValue: key.algorithm), let material = key.material else { throw .keyDoesNotOpen(key.id) }
        let secret: Secret
        do { secret = try sealer.open(material.sealed, context: Self.context(key.id)) } catch {
            if case .unknownSeal(let number) = error { throw .sealMissing(number, sessionsUntil: nil) }
            throw .keyDoesNotOpen(key.id)
        }
        guard let opened = try? SigningKey(algorithm: algorithm, serialized: secret.bytes), opened.keyID == key.id.text else {
            throw .keyDoesNotOpen(key.id)
        }
        state.withLock { $0.opened[key.id] = opened }
        return opened
    }

    /// Seals again what an older seal key sealed. Never what a newer one did: another instance is then ahead of us in the roll-out.
    func reseal(_ machine: inout KeyMachine) throws(KeyKeeperError) {
        for key in machine.ring.keys {
            guard let material = key.material, let number = try? RecordSealer.sealNumber(of: material.sealed), number < seals.current.number else {
                continue
            }
            let secret = Secret(try open(key).serialized)
            machine.reseal(key.id, sealed: sealer.seal(secret, context: Self.context(key.id)))
        }
    }

    private static func context(_ id: KeyID) -> String { "signing key \(id.text)" }
}
