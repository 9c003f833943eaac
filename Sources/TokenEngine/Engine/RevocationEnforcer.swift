public import TokenCore

/// Whoever answers "is this access token still good?" from memory: the event loops of the server, a sidecar.
///
/// The engine awaits every enforcer before it reports a revocation as done, so that a 200 means that no loop accepts the token any more.
public protocol RevocationEnforcer: Sendable {
    /// Enforces these entries. When it returns, nothing they concern is accepted by anything that this enforcer stands for.
    func enforce(_ entries: [RevocationEntry]) async
}
