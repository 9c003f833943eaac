@testable import TokenCore

/// Worlds that only differ in names and in a past too old to matter have the same future: the walk goes on from one of them.
extension KeyRingWorld {
    /// Older than every period of the policy but the longest: what began before that is as good as just that old.
    private static let old = Duration.seconds(20_000)

    /// The world with its keys named in order and its clock set back to the start.
    var canonical: KeyRingWorld {
        let start = KeyRingWorld().now
        let back = now - start
        func moved(_ time: UnixTime) -> UnixTime { time - back }
        func recent(_ time: UnixTime) -> UnixTime { max(moved(time), start - Self.old) }
        var names: [KeyID: KeyID] = [:]
        var world = self
        world.now = start
        world.made = ring.keys.count
        world.ring.keys = ring.keys.enumerated().map { index, key in
            names[key.id] = Self.id(index + 1)
            let state: RingKey.State =
                switch key.state {
                case .staged: key.state
                case .published(let material, let since): .published(material, since: recent(since))
                case .signing(let material, let since, let duty): .signing(material, since: recent(since), duty)
                case .verifying(_, let until): .verifying(since: start - Self.old, until: moved(until))
                case .retired(let since, let retirement): .retired(since: moved(since), retirement)
                }
            return RingKey(
                id: Self.id(index + 1), algorithm: key.algorithm, publicJWK: key.publicJWK.suffix(1), createdAt: .epoch, state: state)
        }
        world.tokens = renamed(tokens, names).mapValues(moved)
        world.seenSince = renamed(seenSince, names).mapValues(recent)
        world.revoked = Set(revoked.compactMap { names[$0] })
        return world
    }

    private func renamed(_ times: [KeyID: UnixTime], _ names: [KeyID: KeyID]) -> [KeyID: UnixTime] {
        var renamed: [KeyID: UnixTime] = [:]
        for (id, time) in times { if let name = names[id] { renamed[name] = time } }
        return renamed
    }
}
