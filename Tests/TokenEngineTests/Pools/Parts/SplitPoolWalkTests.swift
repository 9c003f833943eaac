import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

/// A random walk through two instances, and what must hold after every step of it.
@Suite struct SplitPoolWalkTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>) func noTokenIsHeldTwiceLostOrInvented(seed: UInt64) async throws {
        var walk = PartWalk(seed: seed, world: try await SplitWorld(PoolPolicy(lifetime: .seconds(30), rest: .seconds(2)), parts: 2 + Int(seed % 4)))
        for step in 0..<400 { try await walk.goOn("seed \(seed), step \(step)") }
        #expect(walk.taken > 20, "hardly anything was assigned")
        #expect(walk.waited > 1, "hardly anybody waited")
    }
}

/// Who has what, as it must be: a token's holder until its time is over, a place of each that waits.
private struct PartWalk {
    private var chance: SplitMix
    private let world: SplitWorld
    private let instances: [SplitPools]
    /// Tokens that are in the pool, and for those that were given out to whom: under which lease, until when.
    private var tokens: [PooledTokenID: (lease: LeaseNumber, until: UnixTime)?] = [:]
    private var leases: [PooledTokenID: LeaseNumber] = [:]
    private var restingUntil: [PooledTokenID: UnixTime] = [:]
    /// Places that were given and not given up, and until when each is kept.
    private var places: [UInt64: UnixTime] = [:]
    private var phase = PoolPhase.open
    private(set) var taken = 0
    private(set) var waited = 0

    init(seed: UInt64, world: SplitWorld) {
        chance = SplitMix(seed: seed)
        self.world = world
        instances = [world.pools, SplitPools(world.inner)]
    }

    mutating func goOn(_ step: String) async throws {
        world.advance(by: .milliseconds(chance.below(chance.below(30) == 0 ? 40_000 : 400)))
        switch chance.below(20) {
        case 0..<3: try await add(step)
        case 3..<9: try await claim(waits: false, step)
        case 9..<13: try await claim(waits: true, step)
        case 13..<17: try await release(step)
        case 17: try await keepAlive(step)
        case 18: try await delete(step)
        default:
            phase = [.open, .open, .open, .paused].randomElement(using: &chance) ?? .open
            #expect(try await ask(.turn(phase)) == .done, "\(step)")
        }
        if chance.below(10) == 0 { try await compare(step) }
    }

    private mutating func ask(_ verb: PoolVerb) async throws -> PoolOutcome {
        let instance = instances[chance.below(2)]
        let reply = try await instance.perform(verb, in: .usual, now: world.now, seed: chance.next())
        return reply.outcome
    }

    private mutating func add(_ step: String) async throws {
        guard tokens.count < 12 else { return }
        let new = (0..<1 + chance.below(4)).map { _ in NewToken(id: .spread(chance.below(40), of: 40), sealed: [1]) }
        let unknown = Set(new.map(\.id)).filter { tokens[$0] == nil }
        #expect(try await ask(.add(new)) == .added(unknown.count), "\(step)")
        for id in unknown { tokens.updateValue(nil, forKey: id) }
    }

    private mutating func claim(waits: Bool, _ step: String) async throws {
        dropPlaces()
        let ticket = waits && chance.below(2) == 0 ? places.keys.sorted().randomElement(using: &chance) : nil
        let first = places.keys.min()
        let outcome = try await ask(.assign(PoolClaim(holder: "w", waits: waits, ticket: ticket)))
        let free = freeTokens
        switch outcome {
        case .assigned(let given):
            #expect(given.count == 1 && phase == .open, "\(step)")
            for token in given { take(token, step) }
            if let ticket { #expect(ticket == first, "\(step): \(ticket) went before \(first ?? 0)") }
            places[ticket ?? 0] = nil
        case .waiting(let own):
            waited += 1
            #expect(waits && (ticket == nil || own == ticket), "\(step)")
            if phase == .open, first == nil || first == own { #expect(free.isEmpty, "\(step): it waits, is first, and \(free) is free") }
            places[own] = world.now + PoolClaim.ticketLife
        case .noneFree:
            #expect(!waits && (phase != .open || free.isEmpty), "\(step): \(free)")
        default: #expect(Bool(false), "\(step): \(outcome)")
        }
    }

    private var freeTokens: [PooledTokenID] {
        tokens.compactMap { id, held in
            if let held, held.until > world.now { return nil }
            if let rest = restingUntil[id], rest > world.now { return nil }
            return id
        }
    }

    /// A place whose time is over is given up when it is the first: behind another it holds up nobody.
    private mutating func dropPlaces() {
        while let first = places.keys.min(), let until = places[first], until <= world.now { places[first] = nil }
    }

    private mutating func take(_ token: AssignedToken, _ step: String) {
        taken += 1
        #expect(freeTokens.contains(token.id), "\(step): \(token.id) is not free, or nobody put it in")
        #expect(token.lease > leases[token.id] ?? .none, "\(step): the lease does not rise")
        leases[token.id] = token.lease
        tokens[token.id] = (token.lease, world.now + token.lifetime)
    }

    private mutating func release(_ step: String) async throws {
        guard let id = tokens.keys.sorted().randomElement(using: &chance) else { return }
        let held = (tokens[id] ?? nil).flatMap { $0.until > world.now ? $0 : nil }
        let outcome = try await ask(.release(id, lease: held?.lease))
        guard held != nil else { return #expect(outcome == .notAssigned, "\(step)") }
        #expect(outcome == .resting(until: world.now + .seconds(2)), "\(step)")
        tokens.updateValue(nil, forKey: id)
        restingUntil[id] = world.now + .seconds(2)
    }

    private mutating func keepAlive(_ step: String) async throws {
        guard let id = tokens.keys.sorted().randomElement(using: &chance), let lease = leases[id] else { return }
        let isHeld = (tokens[id] ?? nil).map { $0.lease == lease && $0.until > world.now } ?? false
        let outcome = try await ask(.keepAlive(id, lease: lease))
        #expect(outcome == (isHeld ? .alive(until: world.now + .seconds(30)) : .staleLease), "\(step)")
        if isHeld { tokens[id] = (lease, world.now + .seconds(30)) }
    }

    private mutating func delete(_ step: String) async throws {
        guard let id = tokens.keys.sorted().randomElement(using: &chance) else { return }
        #expect(try await ask(.delete(id, lease: nil)) == .done, "\(step)")
        tokens.removeValue(forKey: id)
        restingUntil[id] = nil
    }

    private mutating func compare(_ step: String) async throws {
        guard case .statistics(let all) = try await ask(.statistics), case .tokens(let listed) = try await ask(.list(after: nil, limit: 100)) else {
            return #expect(Bool(false), "\(step)")
        }
        let held = tokens.values.count { ($0?.until ?? .epoch) > world.now }
        #expect(all.total == tokens.count && all.assigned == held && all.free == freeTokens.count && all.phase == phase, "\(step): \(all)")
        dropPlaces()
        #expect(all.waiting == places.count, "\(step)")
        #expect(listed.map(\.id) == tokens.keys.sorted(), "\(step)")
        var paged: [PooledToken] = []
        while case .tokens(let page) = try await ask(.list(after: paged.last?.id, limit: 3)), !page.isEmpty { paged += page }
        #expect(paged == listed, "\(step)")
    }
}

extension SplitMix {
    /// A number of 0 ..< bound.
    fileprivate mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
