import TokenCore

extension TokenEngine {
    /// Has every enforcer of this engine enforce revocations of keys, before the keeper reports them as done, and counts the keeper's events.
    public func follow(_ keys: KeyKeeper) async {
        await keys.onChange { change in
            self.counters.count(change.events)
            await self.enforce(change.revocations)
        }
    }
}
