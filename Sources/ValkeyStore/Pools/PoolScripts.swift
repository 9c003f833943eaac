import Valkey

/// The scripts of pools, known by the digests that a server gave them.
struct PoolScripts: Sendable {
    let assign: ValkeyScript
    let hold: ValkeyScript
    let size: ValkeyScript
    let rules: ValkeyScript
    let remove: ValkeyScript

    init(loadingInto client: some ValkeyClientProtocol) async throws(ValkeyClientError) {
        assign = try await ValkeyScript(PoolScript.assign, loadingInto: client)
        hold = try await ValkeyScript(PoolScript.hold, loadingInto: client)
        size = try await ValkeyScript(PoolScript.size, loadingInto: client)
        rules = try await ValkeyScript(PoolScript.rules, loadingInto: client)
        remove = try await ValkeyScript(PoolScript.remove, loadingInto: client)
    }
}
