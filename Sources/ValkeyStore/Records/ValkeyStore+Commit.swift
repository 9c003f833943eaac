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
        let reply = try await acknowledged(scripts.commit(keys: call.keys, arguments: call.arguments), is: { $0 == 1 })
        guard reply == 1 else { throw .conflict }
    }

    /// Makes sure that everything read of a partition before survives what the store's durability says it survives.
    public func confirm(_ partition: Partition) async throws(StoreError) {
        guard configuration.acknowledge.waits else { return }
        let names = Names(partition)
        // What it counts is of no use to anybody: two runs do what one does.
        _ = try await acknowledged(scripts.barrier(keys: [names.marker, names.heads], arguments: [name], isRepeatable: true), is: { _ in true })
    }

    /// Runs a script that writes, and waits on the same connection until what it wrote is where it has to be.
    ///
    /// - Parameter hasWritten: tells a reply after which something has to be acknowledged.
    private func acknowledged(_ call: ValkeyScript.Call, is hasWritten: (Int) -> Bool) async throws(StoreError) -> Int {
        let (wait, timeout): (any ValkeyCommand, Duration)
        switch configuration.acknowledge {
        case .memory: return try await client.integer(call)
        case .replicated(let replicas, let time): (wait, timeout) = (WAIT(numreplicas: replicas, timeout: Int(time.wholeMilliseconds)), time)
        case .fsynced(let replicas, let time):
            (wait, timeout) = (WAITAOF(numlocal: 1, numreplicas: replicas, timeout: Int(time.wholeMilliseconds)), time)
        }
        let results = await client.execute([call, wait])
        do throws(ValkeyClientError) {
            let reply = try results[0].integer()
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
    fileprivate func integer() throws(ValkeyClientError) -> Int {
        let reply = try get()
        do throws(RESPDecodeError) { return try reply.decode(as: Int.self) } catch {
            throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(error)")
        }
    }
}

extension ValkeyClientProtocol {
    /// Runs a script that writes and answers a number.
    func integer(_ call: ValkeyScript.Call, timeout: Duration? = nil) async throws(StoreError) -> Int {
        do throws(ValkeyClientError) { return try await execute([call], timeout: timeout)[0].integer() } catch { throw StoreError(writing: error) }
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
        keys = [names.marker, names.heads, names.revocations, names.outbox] + batch.writes.map { names.record($0.key.kind, $0.key.id) }
        var words: [ValkeyKey] = [
            name, ValkeyKey(bigEndian: batch.now.milliseconds), configuration.acknowledge.waits ? "1" : "0", configuration.rings ? "1" : "0",
            ValkeyKey(String(batch.writes.count)), ValkeyKey(String(batch.revocations.count)), ValkeyKey(String(events.count)),
        ]
        words.reserveCapacity(words.count + batch.writes.count * 4 + batch.revocations.count + events.count)
        for write in batch.writes { words += Self.words(write, now: batch.now) }
        words += batch.revocations.map { ValkeyKey($0.encoded()) }
        words += events.map { ValkeyKey($0.encoded()) }
        arguments = words
    }

    private static func words(_ write: Write, now: UnixTime) -> [ValkeyKey] {
        switch write {
        case .put(let record, let version):
            [
                "p", ValkeyKey(version), ValkeyKey(StoredValue.timeToLive(until: record.expiresAt, now: now)),
                ValkeyKey(StoredValue.encode(record, version: version.next)),
            ]
        case .remove(_, let version): ["r", ValkeyKey(version), "", ""]
        case .expect(_, let version): ["x", ValkeyKey(version), "", ""]
        case .touch(_, let activity, let end):
            [
                "t", "", ValkeyKey(end.map { StoredValue.timeToLive(until: $0, now: now) } ?? ""),
                ValkeyKey(StoredValue.encode(activity) + (end.map { $0.encoded } ?? [])),
            ]
        }
    }
}

extension UnixTime {
    fileprivate var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 8)
        writer.write(self)
        return writer.bytes
    }
}

extension ValkeyKey {
    /// An expected version: nothing for what must be absent.
    fileprivate init(_ version: Version) { self = version == .absent ? "" : ValkeyKey(bigEndian: version.number) }

    /// Eight bytes, as the scripts compare them.
    init(bigEndian value: some FixedWidthInteger) {
        var buffer = ByteBuffer()
        buffer.writeInteger(value)
        self.init(buffer)
    }
}
