public import Logging
import Synchronization
import TokenCore

/// A source whose tokens are fetched once for all processes that use a vault, and whose refresh tokens survive a crash at any point.
///
///     let manager = TokenManager(name: "crm", source: source.kept(in: RecordVault(store, seals: seals)))
///
/// One process at a time fetches, under a lease with a fencing number; the others wait for what it publishes, and take over when the lease ends. Of a
/// source that rotates refresh tokens the intent is written before the call and the answer before it is read (`RotatingTokenSource`).
///
/// While the vault is away, every process fetches for itself and says so; a source that rotates refuses, because what it would get could be lost.
public final class SharedSource: TokenSource {
    struct State: Sendable {
        /// The token that was brought last, and when it was asked for.
        var last: (token: Secret, since: MonotonicTime)?
        /// The answer that could not be read here.
        var unreadable: UpstreamGrant.Fence?
    }

    /// What became of one look.
    enum Outcome: Sendable {
        case done(Result<IssuedToken, TokenSourceError>)
        case again
    }

    /// That of the source inside.
    public let identity: TokenIdentity
    let source: any TokenSource
    let rotating: (any RotatingTokenSource)?
    let vault: any TokenVault
    let key: VaultKey
    let longestFetch: Duration
    let telemetry: VaultTelemetry
    let steps: SharedSteps
    /// Guarded for one copy.
    let state = Mutex(State())

    /// What a token without `expires_in` is taken to last: as `UpstreamPolicy`.
    static let fallbackLifetime = UpstreamPolicy().fallbackLifetime

    /// A source that shares what another brings.
    ///
    /// - Parameters:
    ///   - longestFetch: how long a fetch may take before somebody else takes over; at most half of the manager's own time for a fetch, so that who waits
    ///     lives to see it.
    ///   - logger: told when the vault is away and when it is back, and of what is lost; silent without one.
    public convenience init(_ source: any TokenSource, vault: any TokenVault, longestFetch: Duration = .seconds(15), logger: Logger? = nil) {
        self.init(source, vault: vault, longestFetch: longestFetch, logger: logger, steps: SharedSteps())
    }

    init(_ source: any TokenSource, vault: any TokenVault, longestFetch: Duration, logger: Logger?, steps: SharedSteps) {
        self.steps = steps
        self.source = source
        rotating = source as? any RotatingTokenSource
        identity = source.identity
        self.vault = vault
        self.longestFetch = longestFetch
        key = VaultKey(source.identity)
        telemetry = VaultTelemetry(logger)
    }

    /// What happens to the vault from now on, for whoever wants to know.
    public var notices: AsyncStream<VaultNotice> { telemetry.notices }

    /// The token that is published, or the one that this process fetches for all.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        var patience = SharedWait()
        while true {
            var outcome = Outcome.again
            do throws(StoreError) { outcome = try await look(fetch, &patience) } catch .conflict {
                await patience.short()
            } catch {
                return try await alone(fetch, error)
            }
            if case .done(let result) = outcome { return try Self.value(of: result) }
            if Task.isCancelled { throw TokenSourceError(.other("nobody waits for this any more")) }
        }
    }

    /// One look at the vault, and what follows from it.
    private func look(_ fetch: TokenFetch, _ patience: inout SharedWait) async throws(StoreError) -> Outcome {
        let asked = Moment.read()
        let entry = try await vault.load(key)
        telemetry.reached(fetch.name)
        switch steps.look(entry.grant, ask(fetch, asked, entry, patience)) {
        case .use(let published): return .done(.success(issued(published, entry.now, asked)))
        case .read(let answer): return try await read(answer, asked, fetch.name)
        case .failed(let failure): return .done(.failure(SharedFailure.error(failure, now: entry.now)))
        case .lost(let loss): return .done(.failure(SharedFailure.error(loss)))
        case .take: return try await lead(fetch, entry, asked)
        case .wait(let lease):
            patience.saw(lease)
            await patience.long()
            return .again
        }
    }

    private func ask(_ fetch: TokenFetch, _ asked: Moment, _ entry: VaultEntry, _ patience: SharedWait) -> UpstreamGrant.Ask {
        var ask = UpstreamGrant.Ask(now: entry.now)
        let (last, unreadable) = state.withLock { ($0.last, $0.unreadable) }
        if let held = fetch.held {
            let isLast = last.map { constantTimeEquals($0.token.bytes, held.bytes) } ?? false
            ask.held = (held, isLast ? last.map { entry.now - (asked.steady - $0.since) } : nil)
        }
        ask.rejected = fetch.rejected
        ask.unreadable = unreadable
        ask.outwaited = patience.outwaited
        return ask
    }

    /// A published token for the manager, with its end by this machine's clock.
    ///
    /// - Parameter asked: before the vault was: whoever was stopped meanwhile does not take what is over for fresh.
    func issued(_ published: UpstreamGrant.Published, _ now: UnixTime, _ asked: Moment) -> IssuedToken {
        remember(published.token, since: asked.steady + (published.since - now))
        let lifetime = published.until.map { TokenLifetime.until(asked.wall + ($0 - now)) } ?? .unlimited
        return IssuedToken(published.token, type: published.type, lifetime: lifetime, scope: published.scope)
    }

    func remember(_ token: Secret, since: MonotonicTime) { state.withLock { $0.last = (token, since) } }

    /// Without the vault: for this process alone.
    private func alone(_ fetch: TokenFetch, _ trouble: StoreError) async throws(TokenSourceError) -> IssuedToken {
        telemetry.missed(fetch.name, trouble)
        guard rotating == nil else {
            throw TokenSourceError(.storage("the vault is away, and a refresh token that is exchanged without it could be lost: \(trouble)"))
        }
        let sent = MonotonicTime.read()
        let token = try await source.fetch(fetch)
        remember(token.value, since: sent)
        return token
    }

    private static func value(of result: Result<IssuedToken, TokenSourceError>) throws(TokenSourceError) -> IssuedToken {
        switch result {
        case .success(let token): return token
        case .failure(let error): throw error
        }
    }
}

extension TokenSource {
    /// This source, its tokens shared by all processes that use the vault, and its refresh tokens kept there if it rotates them.
    public func kept(in vault: any TokenVault, logger: Logger? = nil) -> SharedSource { SharedSource(self, vault: vault, logger: logger) }
}
