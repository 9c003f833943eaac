import NIOCore
public import TokenCore
import Valkey

extension ValkeyStore {
    /// Runs the batch as one script in the partition's slot, and waits for what its durability asks for.
    public func commit(_ batch: WriteBatch) async throws(StoreError) {
        batch.checkBounds()
        let began = ContinuousClock.now
        do throws(StoreError) {
            try await send(batch)
            configuration.observer?.committed(in: .now - began, error: nil)
        } catch {
            configuration.observer?.committed(in: .now - began, error: error)
            throw error
        }
    }

    private func send(_ batch: WriteBatch) async throws(StoreError) {
        let call = CommitCall(batch, name: name, configuration: configuration)
        guard !call.isEmpty else { return }
        let reply = try await acknowledged(scripts.commit(keys: call.keys, arguments: call.arguments), as: Int.self, is: { $0 == 1 })
        guard reply == 1 else { throw .conflict }
    }

    /// Makes sure that everything read of a partition before survives what the store's durability says it survives.
    public func confirm(_ partition: Partition) async throws(StoreError) {
        guard configuration.acknowledge.waits else { return }
        let names = Names(partition)
        // What it counts is of no use to anybody: two runs do what one does.
        let call = scripts.barrier(keys: [names.marker, names.heads], arguments: [name], isRepeatable: true)
        _ = try await acknowledged(call, as: Int.self, is: { _ in true })
    }

    /// Runs a script that writes, and waits on the same connection until what it wrote is where it has to be.
    ///
    /// - Parameter hasWritten: tells a reply after which something has to be acknowledged.
    func acknowledged<Reply: RESPTokenDecodable>(
        _ call: ValkeyScript.Call, as type: Reply.Type, is hasWritten: (Reply) -> Bool
    ) async throws(StoreError) -> Reply {
        let (wait, timeout): (any ValkeyCommand, Duration)
        switch configuration.acknowledge {
        case .memory: return try await client.writing(call, as: type)
        case .replicated(let replicas, let time): (wait, timeout) = (WAIT(numreplicas: replicas, timeout: Int(time.wholeMilliseconds)), time)
        case .fsynced(let replicas, let time):
            (wait, timeout) = (WAITAOF(numlocal: 1, numreplicas: replicas, timeout: Int(time.wholeMilliseconds)), time)
        }
        let results = await client.execute([call, wait])
        do throws(ValkeyClientError) {
            let reply = try results[0].decoded(as: type)
            guard hasWritten(reply) else { return reply }
            guard configuration.acknowledge.isMet(by: results[1]) else {
                throw ValkeyClientError(.timeout, execution: .unknown, message: "The write was not acknowledged within \(timeout).")
            }
            return reply
        } catch {
            throw StoreError(writing: error)
        }
    }

    /// Whether the store can write now, on every server that holds a part of it.
    public func check() async throws(StoreError) {
        for shard in try await shards() {
            guard let partition = shard.partitions.first else { continue }
            let names = Names(partition)
            _ = try await client.integer(
                scripts.barrier(keys: [names.marker, names.heads], arguments: [name], isRepeatable: true), timeout: .seconds(1))
        }
    }
}

extension Acknowledge {
    /// Whether the servers said that enough of them have it.
    fileprivate func isMet(by result: Result<RESPToken, ValkeyClientError>) -> Bool {
        guard let reply = try? result.get() else { return false }
        switch self {
        case .memory: return true
        case .replicated(let replicas, _): return (try? reply.decode(as: Int.self)).map { $0 >= replicas } ?? false
        case .fsynced(let replicas, _):
            guard let counts = try? reply.decode(as: [Int].self), counts.count == 2 else { return false }
            return counts[0] >= 1 && counts[1] >= replicas
        }
    }
}

extension Result where Success == RESPToken, Failure == ValkeyClientError {
    fileprivate func decoded<Reply: RESPTokenDecodable>(as type: Reply.Type) throws(ValkeyClientError) -> Reply {
        let reply = try get()
        do throws(RESPDecodeError) { return try reply.decode(as: type) } catch {
            throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
        }
    }
}

extension ValkeyClientProtocol {
    /// Runs a script that writes and answers a number.
    func integer(_ call: ValkeyScript.Call, timeout: Duration? = nil) async throws(StoreError) -> Int {
        try await writing(call, as: Int.self, timeout: timeout)
    }

    /// Runs a script that writes, and reads its reply.
    func writing<Reply: RESPTokenDecodable>(
        _ call: ValkeyScript.Call, as type: Reply.Type, timeout: Duration? = nil
    ) async throws(StoreError) -> Reply {
        do throws(ValkeyClientError) { return try await execute([call], timeout: timeout)[0].decoded(as: type) } catch {
            throw StoreError(writing: error)
        }
    }
}

/// A batch as the words of the commit script.
struct CommitCall {
    let keys: [ValkeyKey]
    let arguments: [ValkeyKey]
    /// Whether there is nothing to write and nothing to expect.
    let isEmpty: Bool

    init(_ batch: WriteBatch, name: ValkeyKey, configuration: ValkeyStore.Configuration) {
        let names = Names(batch.partition)
        let events = configuration.keepsEvents ? batch.events : []
        isEmpty = batch.writes.isEmpty && batch.revocations.isEmpty && events.isEmpty
        let count = batch.writes.count
        var words = Words(
            count: 11 + count * 5 + batch.revocations.count + events.count,
            bytes: Self.most(batch) + 40 * batch.revocations.count + 200 * events.count)
        for name in ["M", "H", "R", "O"] { words.append(names.tag + name) }
        for write in batch.writes { words.append { names.writeRecord(write.key, to: &$0) } }
        words.append(name)
        words.append(batch.now.milliseconds)
        words.append(configuration.acknowledge.waits ? "1" : "0")
        words.append(configuration.rings ? "1" : "0")
        for count in [count, batch.revocations.count, events.count] { words.append(String(count)) }
        for write in batch.writes { Self.append(write, now: batch.now, to: &words) }
        for entry in batch.revocations { words.append(entry.encoded()) }
        for event in events { words.append(event.encoded()) }
        (keys, arguments) = words.split(after: 4 + count)
    }

    /// Enough bytes for the words of the writes and those before them.
    private static func most(_ batch: WriteBatch) -> Int {
        batch.writes.reduce(96) { sum, write in
            if case .put(let record, _) = write { sum + 64 + record.key.id.count + StoredValue.length(record) } else { sum + 64 + write.key.id.count }
        }
    }

    private static func append(_ write: Write, now: UnixTime, to words: inout Words) {
        switch write {
        case .put(let record, let version):
            words.append("p")
            words.append(version)
            words.append(StoredValue.timeToLive(until: record.expiresAt, now: now))
            words.append { StoredValue.write(record, version: version.next, to: &$0) }
        case .remove(_, let version): append("r", version, to: &words)
        case .expect(_, let version): append("x", version, to: &words)
        case .touch(_, let activity, let end):
            words.append("t")
            words.append("")
            words.append(end.map { StoredValue.timeToLive(until: $0, now: now) } ?? "")
            words.append { buffer in
                StoredValue.write(activity, to: &buffer)
                if let end { buffer.writeInteger(end.milliseconds) }
            }
        }
    }

    /// A write that has neither a time to live nor a value.
    private static func append(_ letter: String, _ version: Version, to words: inout Words) {
        words.append(letter)
        words.append(version)
        words.append("")
        words.append("")
    }
}

extension Words {
    /// An expected version: nothing for what must be absent.
    fileprivate mutating func append(_ version: Version) {
        if version == .absent { append("") } else { append(version.number) }
    }
}

extension ValkeyKey {
    /// Eight bytes, as the scripts compare them.
    init(bigEndian value: some FixedWidthInteger) {
        var buffer = ByteBuffer()
        buffer.writeInteger(value)
        self.init(buffer)
    }
}
