import Valkey

/// Every script that runs on the servers, known by the digest that a server gave it.
struct Scripts: Sendable {
    let commit: ValkeyScript
    let find: ValkeyScript
    let barrier: ValkeyScript
    let clock: ValkeyScript
    let facts: ValkeyScript
    let mark: ValkeyScript
    let pools: PoolScripts

    /// Sends them to one server; the others learn them when they are first asked.
    init(loadingInto client: some ValkeyClientProtocol) async throws(ValkeyClientError) {
        commit = try await ValkeyScript(CommitScript.source, loadingInto: client)
        find = try await ValkeyScript(FindScript.source, loadingInto: client)
        barrier = try await ValkeyScript(BarrierScript.source, loadingInto: client)
        clock = try await ValkeyScript(ClockScript.source, loadingInto: client)
        facts = try await ValkeyScript(FactsScript.source, loadingInto: client)
        mark = try await ValkeyScript(MarkScript.source, loadingInto: client)
        pools = try await PoolScripts(loadingInto: client)
    }
}
