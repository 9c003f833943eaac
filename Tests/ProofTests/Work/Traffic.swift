import Synchronization
import TestSupport

/// What one client does between two crashes: it begins sessions, refreshes, asks, ends them, and now and then errs.
///
/// It remembers its sessions over restarts of the server. Against one server it stops at the first request without an answer; among several instances
/// it goes on with the next.
final class Traffic: Sendable {
    /// A session as its client knows it.
    struct Holding: Sendable {
        var pair: Pair
        /// The refresh token that `pair` was got for.
        var before: Pair?
    }

    private struct State {
        var random: SplitMix
        var holdings: [Holding] = []
        /// Sessions that are over, as far as is known.
        var over: [Pair] = []
    }

    /// The user whose sessions these are. Two clients share one, so that one ends what the other uses.
    let user: Int64
    /// Guards what one client knows; its one task changes it, the verification between two rounds reads it.
    private let state: Mutex<State>

    init(user: Int64, seed: UInt64) {
        self.user = user
        state = Mutex(State(random: SplitMix(seed: seed)))
    }

    /// Works until a request has no answer, or until it is cancelled.
    func run(_ service: RecordedService<some SessionService>) async {
        while !Task.isCancelled, await step(service) {}
    }

    /// Works until it is cancelled, each request at another of these.
    func run(among services: [RecordedService<some SessionService>]) async {
        while !Task.isCancelled {
            // Whoever has no answer tries again a moment later, as a caller does.
            if await !step(services[draw(services.count)]) { try? await Task.sleep(for: .milliseconds(5)) }
        }
    }

    private func draw(_ bound: Int) -> Int { state.withLock { Int.random(in: 0..<bound, using: &$0.random) } }
    private var holdings: [Holding] { state.withLock { $0.holdings } }

    /// One request.
    ///
    /// - Returns: false when it had no answer.
    private func step(_ service: RecordedService<some SessionService>) async -> Bool {
        let holdings = holdings
        guard holdings.count >= 3 else { return await login(service) }
        let at = draw(holdings.count)
        switch draw(100) {
        case ..<8: return await login(service)
        case ..<60: return await refresh(at, service)
        case ..<78: return settle(await service.authenticate(holdings[at].pair), ends: false, at)
        case ..<86: return settle(await service.logout(holdings[at].pair), ends: true, at)
        case ..<91: return settle(await service.end(holdings[at].pair, from: holdings[0].pair), ends: true, at)
        case ..<93: return await logoutAll(at, service)
        case ..<96: return await replay(at, service)
        default: return await retry(at, service)
        }
    }

    private func login(_ service: RecordedService<some SessionService>) async -> Bool {
        guard case .ok(let pair) = await service.login(user) else { return false }
        state.withLock { $0.holdings.append(Holding(pair: pair)) }
        return true
    }

    private func refresh(_ at: Int, _ service: RecordedService<some SessionService>) async -> Bool {
        let held = holdings[at]
        switch await service.refresh(held.pair) {
        case .ok(let pair):
            state.withLock { $0.holdings[at] = Holding(pair: pair, before: held.pair) }
            return true
        case .refused:
            drop(at)
            return true
        case .unknown: return false
        }
    }

    private func logoutAll(_ at: Int, _ service: RecordedService<some SessionService>) async -> Bool {
        let reply = await service.logoutAll(holdings[at].pair, subject: user)
        guard case .ok = reply else { return settle(reply, ends: true, at) }
        state.withLock { state in
            state.over += state.holdings.map(\.pair)
            state.holdings = []
        }
        return true
    }

    /// The thief: a token that was used before comes back.
    private func replay(_ at: Int, _ service: RecordedService<some SessionService>) async -> Bool {
        guard let before = holdings[at].before else { return await refresh(at, service) }
        return settle(await service.refresh(before), ends: false, at)
    }

    /// The lost reply: the same token twice, one after the other.
    private func retry(_ at: Int, _ service: RecordedService<some SessionService>) async -> Bool {
        let held = holdings[at]
        guard await refresh(at, service) else { return false }
        return settle(await service.refresh(held.pair), ends: false, at)
    }

    /// Forgets a session that was ended or refused.
    private func settle<T>(_ reply: Reply<T>, ends: Bool, _ at: Int) -> Bool {
        switch reply {
        case .unknown: return false
        case .ok: if ends { drop(at) }
        case .refused: drop(at)
        }
        return true
    }

    private func drop(_ at: Int) {
        state.withLock { state in
            guard at < state.holdings.count else { return }
            state.over.append(state.holdings.remove(at: at).pair)
        }
    }

    /// Asks after everything this client knows of, once the server is back: what lives by its access token and then by its refresh token, every third
    /// by the token before it, which must be known as used; what is over by both. Of several instances each is asked for access tokens, and one in
    /// turn for refresh tokens.
    func verify(_ services: [RecordedService<some SessionService>]) async {
        let (holdings, over) = state.withLock { state in
            let known = (state.holdings, state.over)
            (state.holdings, state.over) = ([], [])
            return known
        }
        for (number, pair) in over.enumerated() {
            for service in services { await service.authenticate(pair) }
            _ = await services[number % services.count].refresh(pair)
        }
        for (number, held) in holdings.enumerated() {
            let service = services[number % services.count]
            for service in services { await service.authenticate(held.pair) }
            if number.isMultiple(of: 3), let before = held.before { _ = await service.refresh(before) }
            guard case .ok(let pair) = await service.refresh(held.pair) else { continue }
            state.withLock { $0.holdings.append(Holding(pair: pair, before: held.pair)) }
        }
    }
}
