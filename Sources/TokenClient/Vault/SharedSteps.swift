import TokenCore

/// What a process does at each step of sharing a grant. `SharedSource` says when and in which order; a test that wants to know whether a mistake is
/// found puts a wrong step in the place of a right one.
struct SharedSteps: Sendable {
    /// What the grant as it stands means for who asks.
    var look: @Sendable (UpstreamGrant, UpstreamGrant.Ask) -> UpstreamGrant.Step = { $0.look($1) }

    /// Writes the lease, and with it the intent to present a refresh token. Done before the call.
    var begin: @Sendable (SharedSource, UpstreamGrant, Version, UpstreamGrant.Holder) async throws(StoreError) -> Void = {
        (source, grant, version, holder) async throws(StoreError) in try await source.begin(grant, over: version, holder)
    }

    /// Whether the lease that was taken then lasts long enough for a call of that length.
    var isInTime: @Sendable (_ taken: MonotonicTime, _ limit: Duration) -> Bool = { MonotonicTime.read() - $0 < $1 }

    /// Writes the answer as it came. Done before it is read.
    var store: @Sendable (SharedSource, TokenAnswer, UpstreamGrant.Turn, String) async -> UpstreamGrant.Answer? = { await $0.store($1, $2, $3) }

    /// A token without a refresh token is for everybody.
    var publish: @Sendable (inout UpstreamGrant, UpstreamGrant.Issued, UpstreamGrant.Turn) -> Bool = {
        $0.fetched($1, $2, fallback: SharedSource.fallbackLifetime)
    }

    /// A failure is for everybody, and a loss is said.
    var fail: @Sendable (inout UpstreamGrant, UpstreamGrant.Turn, UpstreamGrant.Meaning, UpstreamGrant.Sharing?, UnixTime) -> UpstreamGrant.Loss? = {
        $0.failed($1, $2, sharing: $3, now: $4)
    }
}
