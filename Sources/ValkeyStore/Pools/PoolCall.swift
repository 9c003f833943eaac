import NIOCore
import TokenCore
import Valkey

/// A verb as the words of its script.
struct PoolCall {
    let script: KeyPath<PoolScripts, ValkeyScript>
    let keys: [ValkeyKey]
    let arguments: [ValkeyKey]

    /// - Parameter name: the store's.
    init(
        _ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64, partitions: Int, name: ValkeyKey, configuration: ValkeyStore.Configuration
    ) {
        let names = PoolNames(pool, in: Partition(of: pool, count: partitions)).all
        var words = Words(count: 24, bytes: 512)
        for row in names { words.append(row) }
        words.append(name)
        words.append(String(now.milliseconds))
        words.append(configuration.acknowledge.waits ? "1" : "0")
        words.append(configuration.keepsEvents ? "1" : "0")
        words.append(pool.text)
        words.append(seed)
        script = words.append(verb)
        (keys, arguments) = words.split(after: names.count)
    }
}

extension Words {
    /// The verb and what it needs; answers which script knows it.
    fileprivate mutating func append(_ verb: PoolVerb) -> KeyPath<PoolScripts, ValkeyScript> {
        switch verb {
        case .create(let policy): return append(policy, as: "create")
        case .change(let policy): return append(policy, as: "change")
        case .turn(let phase): return append("turn", String(phase.rawValue), to: \.rules)
        case .statistics: return append("statistics", to: \.rules)
        case .list(let after, let limit):
            _ = append("list", String(limit), to: \.rules)
            append(after?.bytes ?? [])
            return \.rules
        case .settle: return append("settle", to: \.rules)
        case .remove(let limit): return append("remove", String(limit), to: \.remove)
        case .shrink(let total, let limit): return append("shrink", String(total), String(limit), to: \.size)
        case .add(let tokens):
            append("add")
            for token in tokens {
                append(token.id.bytes)
                append { StoredPool.write(token, to: &$0) }
            }
            return \.size
        case .assign(let claim):
            let ticket = claim.ticket.map { String($0) } ?? ""
            return append("assign", claim.holder, String(claim.count), claim.waits ? "1" : "0", ticket, to: \.assign)
        case .leaveQueue(let ticket): return append("leave", String(ticket), to: \.assign)
        case .keepWaiting(let tickets):
            append("wait")
            for ticket in tickets { append(String(ticket)) }
            return \.assign
        case .keepAlive(let id, let lease): return append(id, lease, as: "alive")
        case .release(let id, let lease): return append(id, lease, as: "release")
        case .putBack(let id, let lease): return append(id, lease, as: "putback")
        case .restore(let id): return append(id, nil, as: "restore")
        case .delete(let id, let lease): return append(id, lease, as: "delete")
        case .report(let id, let lease, let failed, let rest):
            _ = append(id, lease, as: "report")
            append(failed ? "1" : "0")
            // No rest is longer than numbers of scripts are exact.
            append(String(min(rest.wholeMilliseconds, 1 << 46)))
            return \.hold
        }
    }

    private mutating func append(_ policy: PoolPolicy, as verb: String) -> KeyPath<PoolScripts, ValkeyScript> {
        append(verb)
        append { StoredPool.write(policy, to: &$0) }
        return \.rules
    }

    private mutating func append(_ id: PooledTokenID, _ lease: LeaseNumber?, as verb: String) -> KeyPath<PoolScripts, ValkeyScript> {
        append(verb)
        append(id.bytes)
        append(lease.map { String($0.value) } ?? "")
        return \.hold
    }

    private mutating func append(_ words: String..., to script: KeyPath<PoolScripts, ValkeyScript>) -> KeyPath<PoolScripts, ValkeyScript> {
        for word in words { append(word) }
        return script
    }
}
