public import TokenCore

extension TokenEngine {
    /// Writes an event that tells of no change of a record here, such as what became of a token that somebody else issues. When this returns it is
    /// as durable as any commit.
    ///
    /// - Throws: `temporarily_unavailable`.
    public func record(_ event: Event) async throws(OAuthError) {
        try await change { now throws(StoreError) -> Decision<Void> in
            Decision(.success(()), WriteBatch(partition: .control, now: now, events: [event]))
        } prepare: { _ throws(OAuthError) in
        }
    }
}
