/// Races between requests, each on a session of its own. They say what they saw to the recorder; the checker judges.
struct Races<Service: SessionService>: Sendable {
    /// One for each connection, or for each event loop.
    let services: [RecordedService<Service>]

    init(_ services: [Service], _ recorder: Recorder) {
        self.services = services.map { RecordedService(service: $0, recorder: recorder) }
    }

    /// Everybody refreshes one token at once.
    ///
    /// - Returns: the successors, each once.
    func refreshTogether(user: Int64) async -> Set<String> {
        guard let pair = await services[0].login(user).value else { return [] }
        let replies = await together { await $0.refresh(pair) }
        return Set(replies.compactMap(\.value?.refresh))
    }

    /// A refresh and an order that ends the session, or all of its user, at once; afterwards every token of it is tried.
    func refreshAgainstEnd(user: Int64, all: Bool) async {
        guard let pair = await services[0].login(user).value else { return }
        async let refreshed = services[0].refresh(pair)
        async let ended = all ? services[1].logoutAll(pair, subject: user) : services[1].logout(pair)
        let successor = await refreshed.value
        _ = await ended
        for held in [pair, successor].compactMap({ $0 }) {
            await services[2].authenticate(held)
            _ = await services[2].refresh(held)
        }
    }

    /// A login and an order that ends all sessions of its user at once; afterwards every token is tried twice.
    func loginAgainstEnd(user: Int64) async {
        guard let pair = await services[0].login(user).value else { return }
        async let begun = services[0].login(user)
        async let ended = services[1].logoutAll(pair, subject: user)
        let other = await begun.value
        _ = await ended
        for held in [pair, other].compactMap({ $0 }) {
            await services[2].authenticate(held)
            _ = await services[0].refresh(held)
            await services[1].authenticate(held)
        }
    }

    /// Everybody knows an access token, everybody keeps asking for it while it is ended, and everybody asks again as soon as the order is acknowledged.
    func endWhileAllAsk(user: Int64, all: Bool) async {
        guard let pair = await services[0].login(user).value else { return }
        _ = await together { await $0.authenticate(pair) }
        async let asked: [Void] = together { service in
            for _ in 0..<3 { await service.authenticate(pair) }
        }
        _ = all ? await services[0].logoutAll(pair, subject: user) : await services[0].logout(pair)
        _ = await together { await $0.authenticate(pair) }
        _ = await asked
    }

    /// Everybody logs the same user in at once.
    ///
    /// - Returns: how many of the sessions are alive afterwards.
    func loginTogether(user: Int64) async -> Int {
        let pairs = await together { await $0.service.login(user) }.compactMap(\.value)
        var alive = 0
        for pair in pairs where await services[0].service.authenticate(pair.access).value != nil {
            alive += await services[0].service.refresh(pair.refresh).value == nil ? 0 : 1
        }
        return alive
    }

    private func together<T: Sendable>(_ body: @escaping @Sendable (RecordedService<Service>) async -> T) async -> [T] {
        await withTaskGroup(of: T.self) { group in
            for service in services { group.addTask { await body(service) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
