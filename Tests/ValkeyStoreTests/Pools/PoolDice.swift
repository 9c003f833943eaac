import TokenCore

/// Verbs at random, with lies in between: stale leases, tokens that are not there, places that were lost. The same seed gives the same verbs.
struct PoolDice {
    private var state: UInt64
    private(set) var now = UnixTime(milliseconds: 1_790_000_000_123)
    /// Leases and tickets that were answered, the newest last.
    private var leases: [(id: PooledTokenID, lease: LeaseNumber)] = []
    private var tickets: [UInt64] = []
    private let order: PoolPolicy.Order
    private let isLimited: Bool

    init(_ seed: UInt64, _ order: PoolPolicy.Order) {
        state = seed
        self.order = order
        isLimited = seed % 2 == 0
    }

    /// A number of 0 ..< 2^64.
    mutating func number() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func below(_ bound: Int) -> Int { Int(number() >> 33) % bound }
    private mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }

    /// Time goes on: mostly not at all or a little, now and then over everything that is due.
    mutating func wait() {
        let most = one(of: [1, 1, 1, 1, 40, 40, 100, 400, 1_500])
        now = UnixTime(milliseconds: now.milliseconds + Int64(below(most)) + (below(200) == 0 ? 20_000 : 0))
    }

    /// What the answers teach for the next verbs.
    mutating func learn(_ outcome: PoolOutcome) {
        switch outcome {
        case .assigned(let taken): leases = (leases + taken.map { ($0.id, $0.lease) }).suffix(40)
        case .waiting(let ticket): tickets = (tickets + [ticket]).suffix(10)
        default: break
        }
    }

    mutating func policy() -> PoolPolicy {
        let lifetime = one(of: [1_000, 2_000, 3_000])
        let rest = one(of: [0, 0, 500, 2_500])
        var policy = PoolPolicy(order: order, lifetime: .milliseconds(lifetime), rest: .milliseconds(rest), mostTokens: 300)
        if below(2) == 0 { policy.keepAliveLimit = .milliseconds(max(lifetime, rest) + below(9_000)) }
        if below(3) == 0 { policy.longestHold = .milliseconds(lifetime + below(2_000)) }
        if isLimited { policy.mostPerHolder = 3 + below(3) }
        if below(2) == 0 { policy.failuresToQuarantine = 1 + below(3) }
        if !isLimited, below(4) == 0 { policy.parts = 2 }
        if below(2) == 0 { policy.rate = .init(count: 1 + below(3), span: .milliseconds(1_000 + below(6_000))) }
        return policy
    }

    mutating func verb() -> PoolVerb {
        let (id, lease) = held()
        switch below(100) {
        case 0: return .create(policy())
        case 1: return .change(policy())
        case 2: return .turn(one(of: PoolPhase.allCases))
        case 3...8: return .turn(.open)
        case 5: return below(4) == 0 ? .remove(limit: 1 + below(200)) : .settle
        case 9...12: return .add((0..<1 + below(40)).map { _ in token() })
        case 13: return .shrink(to: below(250), limit: 1 + below(50))
        case 14, 15: return .statistics
        case 16...18: return .list(after: below(2) == 0 ? nil : id, limit: 1 + below(30))
        case 19, 20: return .leaveQueue(ticket: ticket())
        case 21, 22: return .keepWaiting(tickets: (0..<below(4)).map { _ in ticket() })
        case 23...33: return .keepAlive(id, lease: lease)
        case 34...48: return .release(id, lease: lease)
        case 49, 50: return .putBack(id, lease: lease ?? LeaseNumber(1))
        case 51...54:
            return .report(id, lease: lease ?? LeaseNumber(1), failed: below(2) == 0, rest: .milliseconds(one(of: [0, 100, 4_000])))
        case 55: return .restore(id)
        case 56: return .delete(id, lease: lease)
        default:
            let count = one(of: [1, 1, 1, 1, 2, 3, 30])
            let (waits, place) = (below(12) == 0, below(3) == 0 ? ticket() : nil)
            return .assign(PoolClaim(holder: one(of: ["", "a", "b", "ü", "a longer name"]), count: count, waits: waits, ticket: place))
        }
    }

    private mutating func ticket() -> UInt64 { tickets.isEmpty || below(8) == 0 ? number() : one(of: tickets) }

    private mutating func held() -> (PooledTokenID, LeaseNumber?) {
        guard !leases.isEmpty, below(6) > 0 else { return (id(), below(2) == 0 ? nil : LeaseNumber(Int64(below(100)))) }
        let known = one(of: leases)
        return (known.id, below(3) == 0 ? nil : known.lease)
    }

    private mutating func id() -> PooledTokenID { Self.id(below(250)) }

    /// Ids whose order by bytes differs from that of their numbers, and which hold bytes of every kind.
    static func id(_ number: Int) -> PooledTokenID {
        let bytes = (0..<16 as Range<Int>).map { UInt8(truncatingIfNeeded: (number &* 2_654_435_761) >> ($0 % 4 * 8)) ^ UInt8($0) }
        guard let id = PooledTokenID(bytes) else { preconditionFailure("an id is not 16 bytes") }
        return id
    }

    private mutating func token() -> NewToken {
        let number = below(250)
        return NewToken(
            id: Self.id(number), sealed: Array(repeating: UInt8(number), count: 1 + number), metadata: number % 3 == 0 ? [] : Array("{}".utf8))
    }
}
