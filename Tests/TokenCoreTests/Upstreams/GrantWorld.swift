import TokenCore

/// Processes that share one grant, an issuer that rotates refresh tokens, and everything that may happen to them, one event at a time.
struct GrantWorld {
    /// What an issuer does with a refresh token that was used.
    enum Issuer: CaseIterable {
        /// It ends the grant: reuse detection.
        case ends
        /// It refuses, and the newest one stays good.
        case refuses
        /// It answers the one before the newest with the newest.
        case hasGrace
    }

    /// Where a process is with its exchange.
    enum Phase {
        case resting
        case calling(UpstreamGrant.Turn)
        /// The answer came and is in this process's memory alone; nil: `invalid_grant`.
        case answered(UpstreamGrant.Turn, Int?)
    }

    enum Event: CaseIterable {
        case ask, call, lose, settle, crash
    }

    static let lease = Duration.seconds(8)
    static let first = Secret(Array("0".utf8))

    let issuer: Issuer
    var grant = UpstreamGrant()
    var phases: [Phase]
    var now = UnixTime(seconds: 1_790_000_000)
    /// The refresh token that the issuer gave last; the first is 0.
    var newest = 0
    var isAlive = true
    /// When each exchange began whose answer was never stored.
    var cuts: Set<UnixTime> = []
    /// An answer that came after a newer one had taken its place.
    var superseded = 0
    /// Whether anybody may have been slower than its lease.
    var isLate = false
    /// What the planted faults leave out.
    var storesIntent = true
    var keepsLeases = true

    init(_ issuer: Issuer, processes: Int) {
        self.issuer = issuer
        phases = Array(repeating: .resting, count: processes)
    }

    /// One process does the next thing, if it can.
    ///
    /// - Returns: false when that cannot happen now.
    mutating func happen(_ event: Event, to process: Int) -> Bool {
        switch (event, phases[process]) {
        case (.ask, .resting): return ask(process)
        case (.call, .calling(let turn)), (.lose, .calling(let turn)):
            // Whose lease has ended before the call does not call any more.
            guard now < turn.began + Self.lease else {
                _ = grant.failed(turn, .stands, sharing: nil, now: now)
                phases[process] = .resting
                return true
            }
            guard event == .lose else {
                phases[process] = .answered(turn, present(turn))
                return true
            }
            // The issuer has seen it, and nobody sees the answer.
            _ = present(turn)
            cuts.insert(turn.began)
            _ = grant.failed(turn, .unknown, sharing: nil, now: now)
            phases[process] = .resting
        case (.settle, .answered(let turn, let token)):
            settle(turn, token)
            phases[process] = .resting
        case (.crash, .calling(let turn)), (.crash, .answered(let turn, _)):
            cuts.insert(turn.began)
            phases[process] = .resting
        default: return false
        }
        return true
    }

    /// A process wants a newer token than the one that is published.
    private mutating func ask(_ process: Int) -> Bool {
        var ask = UpstreamGrant.Ask(now: now)
        if let published = grant.published { ask.held = (published.token, published.since) }
        if !keepsLeases { ask.outwaited = grant.lease?.fence }
        switch grant.look(ask) {
        case .read(let answer):
            let token = Secret(answer.bytes.bytes)
            return grant.read(
                answer, .init(token: token, type: "Bearer", scope: nil, lifetime: .lasting(.seconds(3600)), refreshToken: token),
                fallback: .seconds(300))
        case .take:
            let before = grant
            let holder = UpstreamGrant.Holder(Array(repeating: UInt8(process), count: 16))
            let turn = grant.take(holder, for: Self.lease, first: Self.first, rejected: nil, now: now)
            if !storesIntent { grant = before }
            phases[process] = .calling(turn)
            return true
        case .use, .wait, .failed, .lost: return false
        }
    }

    private mutating func settle(_ turn: UpstreamGrant.Turn, _ token: Int?) {
        guard let token else {
            _ = grant.failed(turn, .refused, sharing: nil, now: now)
            return
        }
        if !grant.answered(Secret(Array("\(token)".utf8)), turn) { superseded += 1 }
    }

    /// The issuer's side.
    ///
    /// - Returns: the next refresh token; nil: `invalid_grant`.
    private mutating func present(_ turn: UpstreamGrant.Turn) -> Int? {
        let token = turn.refreshToken.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self)) } ?? -1
        guard isAlive else { return nil }
        if issuer == .hasGrace, token == newest - 1 { return newest }
        guard token == newest else {
            if issuer == .ends { isAlive = false }
            return nil
        }
        newest += 1
        return newest
    }

    /// Every lease that was taken is over.
    mutating func passTime() {
        now = now + .seconds(10)
        isLate = true
    }
}

extension GrantWorld {
    /// The refresh token that would be presented next.
    private var presented: Int { grant.line.flatMap { Int(String(decoding: $0.token.bytes, as: UTF8.self)) } ?? 0 }
    private var stored: Int? { grant.exchange?.answer.flatMap { Int(String(decoding: $0.bytes.bytes, as: UTF8.self)) } }
    private var isInFlight: Bool {
        phases.contains { if case .resting = $0 { false } else { true } }
    }

    /// What must hold at every moment.
    var broken: String? {
        if (try? UpstreamGrant(grant.encoded()))?.encoded().bytes != grant.encoded().bytes { return "it does not read what it wrote" }
        let isDoubted = grant.exchange != nil || grant.line?.doubt != nil || grant.loss != nil
        if !isDoubted, !isInFlight, !isAlive || presented != newest { return "the newest refresh token is lost, and nobody says so" }
        if !isAlive, !isLate, cuts.isEmpty { return "the grant has ended, although nobody was late or died" }
        if let loss = grant.loss {
            if issuer == .hasGrace { return "lost, although the issuer has a grace" }
            if !cuts.contains(loss.began), !isInFlight, superseded == 0, grant.line?.doubt != loss.began { return "another rotation was lost" }
        }
        return nil
    }

    /// Two worlds of one canonical form have the same future.
    var canonical: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.write(raw: grant.encoded().bytes)
        for phase in phases {
            switch phase {
            case .resting: writer.write(UInt8(0))
            case .calling(let turn): Self.write(turn, -1, to: &writer)
            case .answered(let turn, let token): Self.write(turn, token ?? -2, to: &writer)
            }
        }
        writer.write(now)
        writer.write(UInt32(newest))
        writer.write(UInt8(isAlive ? 1 : 0))
        writer.write(UInt8(superseded))
        for cut in cuts.sorted() { writer.write(cut) }
        return writer.bytes
    }

    private static func write(_ turn: UpstreamGrant.Turn, _ token: Int, to writer: inout ByteWriter) {
        writer.write(UInt8(1))
        writer.write(turn.fence)
        writer.write(turn.generation)
        writer.write(Int32(token))
    }
}
