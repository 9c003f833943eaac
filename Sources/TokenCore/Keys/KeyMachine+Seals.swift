/// Which seal keys living sessions need: a session keeps the one it was born with until its end.
extension KeyMachine {
    /// How far ahead a seal key is noted as needed, so that the ring is written once an hour and not at every tick.
    private static let step = Duration.seconds(3600)

    /// Sessions may be born now with this seal key and last as long as the policy says. Forgets keys that nobody needs any more.
    ///
    /// To be called, and committed, before the first session is begun with the key, and then at every tick.
    ///
    /// - Returns: whether anything changed.
    public mutating func noteSealing(_ number: SealNumber, now: UnixTime) -> Bool {
        let before = ring.seals
        let end = now + policy.refreshLifetime
        if let index = ring.seals.firstIndex(where: { $0.number == number }) {
            if ring.seals[index].neededUntil < end { ring.seals[index].neededUntil = end + Self.step }
        } else {
            ring.seals.append(KeyRing.SealUse(number: number, neededUntil: end + Self.step))
        }
        ring.seals.removeAll { $0.number != number && $0.neededUntil <= now }
        return ring.seals != before
    }
}
