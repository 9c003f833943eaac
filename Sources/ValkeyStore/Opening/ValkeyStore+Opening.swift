import NIOCore
public import TokenCore
public import Valkey

extension ValkeyStore {
    /// The form of everything stored: raised when a release cannot read what an older one wrote.
    static let schema = "1"

    /// Opens the store of a client's servers, setting it up on first use: instances that start together on empty servers agree on one store.
    ///
    /// - Throws: `.unavailable` when servers cannot be reached; `.corrupt`, with what to do, when they do not hold a store of ours whole, hold one of
    ///   another version or another number of partitions, or are not configured to keep what they are given.
    public static func open(_ client: any ValkeyClientProtocol, _ configuration: Configuration = .init()) async throws(StoreError) -> ValkeyStore {
        let count = configuration.partitions
        precondition((1...Partition.most).contains(count) && count.nonzeroBitCount == 1, "partitions are a power of two")
        let partitions = partitions(count)
        let scripts: Scripts
        do throws(ValkeyClientError) { scripts = try await Scripts(loadingInto: client) } catch { throw StoreError(reading: error) }
        var notes: Set<OpeningNote> = []
        for shard in try await shards(of: partitions, client) {
            let reply = await shard.execute([INFO(sections: ["server", "memory", "replication", "persistence"])])
            notes.formUnion(try judge(ServerFacts(reply[0]), configuration.acknowledge))
        }
        let (name, isNew) = try await agree(client, scripts, partitions, isMadeWhenEmpty: configuration.isMadeWhenEmpty)
        if isNew { notes.insert(.isNew) }
        try await tryBell(client)
        return ValkeyStore(client: client, configuration: configuration, scripts: scripts, name: name, notes: notes.sorted { "\($0)" < "\($1)" })
    }

    /// Whether the user may ring: a commit would not fail without, but every revocation would wait for the next look.
    private static func tryBell(_ client: any ValkeyClientProtocol) async throws(StoreError) {
        let channel = Names(.control).revocations
        do throws(ValkeyClientError) {
            _ = try await client.execute([Repeatable(ValkeyRawCommand(["SPUBLISH", channel, "0"], keys: [channel]))])[0].get()
        } catch {
            guard error.serverCode == "NOPERM" else { throw StoreError(reading: error) }
            throw .corrupt("the servers' user may not publish on the channels of the store; allow it: ACL SETUSER … &{m*")
        }
    }

    /// Refuses a server that cannot keep what it is given.
    private static func judge(_ facts: ServerFacts, _ acknowledge: Acknowledge) throws(StoreError) -> [OpeningNote] {
        guard let version = facts.version, version >= (7, 0) else {
            throw .corrupt("the server is of version \(facts["redis_version"] ?? "unknown"); Valkey, or Redis 7.0 and newer, is needed")
        }
        guard facts["maxmemory_policy"] == "noeviction" else {
            throw .corrupt(
                """
                the server's maxmemory-policy is \(facts["maxmemory_policy"] ?? "unknown"): it would throw away sessions and revocations when memory \
                is short. Set it to noeviction
                """)
        }
        let keepsFile = facts["aof_enabled"] == "1"
        var notes: [OpeningNote] = keepsFile ? [] : [.keepsNothingOnDisk]
        switch acknowledge {
        case .memory: break
        case .replicated(let wanted, _):
            if facts.replicas > wanted { notes.append(.promotionIsBestEffort(replicas: facts.replicas, acknowledgements: wanted)) }
            if facts.replicas < wanted { notes.append(.tooFewReplicas(replicas: facts.replicas, acknowledgements: wanted)) }
        case .fsynced(let wanted, _):
            guard version >= (7, 2) else { throw .corrupt("store.acknowledge is fsynced, which needs Valkey, or Redis 7.2 and newer") }
            guard keepsFile else { throw .corrupt("store.acknowledge is fsynced and the server keeps no append-only file; set appendonly to yes") }
            if facts.replicas > wanted { notes.append(.promotionIsBestEffort(replicas: facts.replicas, acknowledgements: wanted)) }
            if facts.replicas < wanted { notes.append(.tooFewReplicas(replicas: facts.replicas, acknowledgements: wanted)) }
        }
        return notes
    }

    /// The store's name, and whether it was drawn just now: the first of all instances writes the facts, everybody reads them, and until every
    /// partition is marked everybody marks.
    private static func agree(
        _ client: any ValkeyClientProtocol, _ scripts: Scripts, _ partitions: [Partition], isMadeWhenEmpty: Bool
    ) async throws(StoreError) -> (name: ValkeyKey, isNew: Bool) {
        let count = partitions.count - 1
        let drawn = ValkeyKey((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        let names = Names(.control)
        let call = scripts.facts(
            keys: [names.facts], arguments: [ValkeyKey(schema), ValkeyKey(String(count)), drawn, isMadeWhenEmpty ? "1" : "0"], isRepeatable: true)
        let facts = try await client.reading(call, as: [ByteBuffer].self).map { ValkeyKey($0) }
        guard !facts.isEmpty else {
            throw .corrupt(
                "the servers are empty and store.create is never: bring their data back; or, to begin anew, start once with store.create: when_empty")
        }
        guard facts.count == 4 else { throw .corrupt("the servers hold no facts of a store of ours") }
        guard facts[0].description == schema else {
            throw .corrupt("the store was written by a release whose schema is \(facts[0]); this one reads schema \(schema)")
        }
        guard facts[1].description == String(count) else {
            throw .corrupt("the store has \(facts[1]) partitions and store.partitions is \(count); the number is fixed on first use")
        }
        let name = facts[2]
        if facts[3] != "1" {
            for partition in partitions {
                let mark = try await client.reading(
                    scripts.mark(keys: [Names(partition).marker], arguments: [name], isRepeatable: true), as: ByteBuffer.self)
                guard ValkeyKey(mark) == name else { throw .lost(partition) }
            }
            _ = try await client.reading(
                Repeatable(ValkeyRawCommand(["HSET", names.facts, "complete", "1"], keys: [names.facts])), as: RESPToken.self)
        }
        for partition in partitions {
            guard try await client.reading(GET(Names(partition).marker)).map({ ValkeyKey($0) }) == name else { throw .lost(partition) }
        }
        return (name, name == drawn)
    }
}

extension StoreError {
    fileprivate static func lost(_ partition: Partition) -> StoreError {
        .corrupt(
            """
            the servers do not hold the whole store: partition \(partition.number) is missing or belongs to another one. A server was emptied or \
            started without its data. Bring it back; or, if its sessions are lost, remove the rest (FLUSHALL on every primary) and start anew
            """)
    }
}
