import NIOCore
import TokenCore
import Valkey

/// What a pool is on the server, as the scripts pack it: numbers big endian, times in milliseconds, 0 for what there is none of.
///
/// | row | what |
/// |---|---|
/// | header | the policy in the order of its members, then phase, free, assigned, resting, set aside, waiting, surplus, last lease, next rank, next ticket |
/// | token | standing, failures, rank or begin of the hold, due, last sign, last lease, length of the holder, holder; then times of recent assignments |
/// | value | the length of the sealed value, that, and the metadata: never written again |
/// | place in the queue | its number, until when it is kept |
enum StoredPool {
    static let policyForm = ">BI8I8I8I4I8I4I4I4I8B"
    static let policyLength = 58
    static let countsForm = ">BI4I4I4I4I4I4I8I8I8"
    static let tokenForm = ">BI4I7I6I6I7B"
    static let tokenLength = 32

    static func write(_ policy: PoolPolicy, to buffer: inout ByteBuffer) {
        buffer.writeInteger(policy.order.rawValue)
        buffer.writeInteger(policy.lifetime.wholeMilliseconds)
        buffer.writeInteger(policy.rest.wholeMilliseconds)
        buffer.writeInteger(policy.keepAliveLimit?.wholeMilliseconds ?? 0)
        buffer.writeInteger(UInt32(clamping: policy.mostTokens))
        buffer.writeInteger(policy.longestHold?.wholeMilliseconds ?? 0)
        buffer.writeInteger(UInt32(clamping: policy.mostPerHolder ?? 0))
        buffer.writeInteger(UInt32(clamping: policy.failuresToQuarantine ?? 0))
        buffer.writeInteger(UInt32(clamping: policy.rate?.count ?? 0))
        buffer.writeInteger(policy.rate?.span.wholeMilliseconds ?? 0)
        buffer.writeInteger(UInt8(clamping: policy.parts))
    }

    static func write(_ token: NewToken, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt16(clamping: token.sealed.count))
        buffer.writeBytes(token.sealed)
        buffer.writeBytes(token.metadata)
    }

    /// - Throws: `.corrupt`, as do the others.
    static func statistics(_ header: ByteBuffer) throws(StoreError) -> PoolStatistics {
        var row = Row(header)
        var statistics = PoolStatistics(policy: try row.policy())
        guard let phase = PoolPhase(rawValue: UInt8(try row.number(1))) else { throw .corrupt("a pool in no phase that can be") }
        statistics.phase = phase
        statistics.free = Int(try row.number(4))
        statistics.assigned = Int(try row.number(4))
        statistics.resting = Int(try row.number(4))
        statistics.quarantined = Int(try row.number(4))
        statistics.waiting = Int(try row.number(4))
        statistics.surplus = Int(try row.number(4))
        return statistics
    }

    static func value(_ row: ByteBuffer) throws(StoreError) -> (sealed: [UInt8], metadata: [UInt8]) {
        var row = Row(row)
        let length = Int(try row.number(2))
        return (try row.bytes(length), row.rest())
    }

    static func token(_ id: PooledTokenID, _ state: ByteBuffer, _ value: ByteBuffer) throws(StoreError) -> PooledToken {
        var row = Row(state)
        let (sealed, metadata) = try Self.value(value)
        let standing = try row.number(1)
        let failures = Int(try row.number(4))
        let key = try row.number(7)
        let due = UnixTime(milliseconds: try row.number(6))
        let lastSign = UnixTime(milliseconds: try row.number(6))
        let lease = LeaseNumber(try row.number(7))
        let length = Int(try row.number(1))
        guard let holder = String(validating: try row.bytes(length), as: UTF8.self) else { throw .corrupt("a holder that is no text") }
        var token = PooledToken(id: id, sealed: sealed, metadata: metadata, standing: .quarantined, lastSign: lastSign)
        switch standing {
        case 0: token.standing = .free(rank: key, until: due == .epoch ? nil : due)
        case 1: token.standing = .assigned(.init(lease: lease, holder: holder, since: UnixTime(milliseconds: key), until: due))
        case 2: token.standing = .resting(until: due)
        case 3: break
        default: throw .corrupt("a token that stands nowhere")
        }
        token.lastLease = lease
        token.failures = failures
        while !row.isAtEnd { token.recent.append(UnixTime(milliseconds: try row.number(6))) }
        return token
    }
}

/// Reads a row from its start.
private struct Row {
    private var buffer: ByteBuffer

    init(_ buffer: ByteBuffer) { self.buffer = buffer }

    var isAtEnd: Bool { buffer.readableBytes == 0 }

    mutating func bytes(_ count: Int) throws(StoreError) -> [UInt8] {
        guard let bytes = buffer.readBytes(length: count) else { throw .corrupt("a row of a pool is too short") }
        return bytes
    }

    mutating func number(_ count: Int) throws(StoreError) -> Int64 {
        guard let bytes = buffer.readSlice(length: count) else { throw .corrupt("a row of a pool is too short") }
        return bytes.readableBytesView.reduce(0) { $0 << 8 | Int64($1) }
    }

    mutating func rest() -> [UInt8] { buffer.readBytes(length: buffer.readableBytes) ?? [] }

    mutating func policy() throws(StoreError) -> PoolPolicy {
        guard let order = PoolPolicy.Order(rawValue: UInt8(try number(1))) else { throw .corrupt("a pool of no order that can be") }
        var policy = PoolPolicy(order: order, lifetime: try duration() ?? .zero, rest: try duration() ?? .zero, keepAliveLimit: try duration())
        policy.mostTokens = Int(try number(4))
        policy.longestHold = try duration()
        policy.mostPerHolder = try count()
        policy.failuresToQuarantine = try count()
        let (most, span) = (try count(), try duration())
        if let most, let span { policy.rate = .init(count: most, span: span) }
        policy.parts = Int(try number(1))
        return policy
    }

    private mutating func duration() throws(StoreError) -> Duration? {
        let milliseconds = try number(8)
        return milliseconds == 0 ? nil : .milliseconds(milliseconds)
    }

    private mutating func count() throws(StoreError) -> Int? {
        let count = Int(try number(4))
        return count == 0 ? nil : count
    }
}
