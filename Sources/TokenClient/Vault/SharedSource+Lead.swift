import TokenCore

// The process that fetches for all.
extension SharedSource {
    /// How often a change is tried again that others were faster than, or whose fate is not known.
    private static let attempts = 100

    /// Takes the lease and fetches. The work is a task of its own: what it gets is kept also when the manager has given up on it.
    func lead(_ fetch: TokenFetch, _ entry: VaultEntry, _ asked: Moment) async throws(StoreError) -> Outcome {
        let limit = min(longestFetch, fetch.timeout / 2)
        var grant = entry.grant
        let holder = UpstreamGrant.Holder(Self.sixteenBytes())
        let turn = grant.take(
            holder, for: limit + Self.margin(limit), first: rotating?.firstRefreshToken, rejected: fetch.rejected, now: entry.now,
            error: entry.error)
        try await steps.begin(self, grant, entry.version, holder)
        let inner = TokenFetch(name: fetch.name, rejected: fetch.rejected, held: fetch.held, timeout: limit)
        if let rotating {
            return await Task { await self.exchange(rotating, inner, turn, since: asked.steady) }.value
        }
        let task = Task { await self.fetchPlain(inner, turn, asked) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Between the end of a fetch and the end of its lease, for its outcome to be written and for clocks that differ.
    private static func margin(_ limit: Duration) -> Duration { max(.milliseconds(250), min(.seconds(2), limit / 2)) }

    private static func sixteenBytes() -> [UInt8] {
        var chance = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &chance) }
    }

    /// The lease is this process's when it returns.
    func begin(_ grant: UpstreamGrant, over version: Version, _ holder: UpstreamGrant.Holder) async throws(StoreError) {
        do { try await vault.save(grant, as: key, over: version) } catch .outcomeUnknown {
            guard try await vault.load(key).grant.lease?.holder == holder else { throw .conflict }
        }
    }

    private func fetchPlain(_ fetch: TokenFetch, _ turn: UpstreamGrant.Turn, _ asked: Moment) async -> Outcome {
        let token: IssuedToken
        do throws(TokenSourceError) { token = try await source.fetch(fetch) } catch {
            // In a task of its own: this one may have been cancelled, and then nobody waits for the failure, which is nobody's.
            let isCancelled = Task.isCancelled
            return await Task { await self.fail(error, turn, .stands, fetch.name, isShared: !isCancelled) }.value
        }
        do throws(StoreError) {
            let (entry, isPublished) = try await change { [steps] grant, _ in steps.publish(&grant, .init(token), turn) }
            guard isPublished, let published = entry.grant.published else { return .again }
            return .done(.success(issued(published, entry.now, asked)))
        } catch {
            telemetry.missed(fetch.name, error)
            remember(token.value, since: asked.steady)
            return .done(.success(token))
        }
    }

    /// The failure, for this process and, where it is of the issuer's making, for all.
    func fail(
        _ error: TokenSourceError, _ turn: UpstreamGrant.Turn, _ meaning: UpstreamGrant.Meaning, _ name: String, isShared: Bool = true
    ) async -> Outcome {
        let sharing = isShared ? SharedFailure.sharing(error) : nil
        do throws(StoreError) {
            let (_, loss) = try await change { [steps] grant, now in steps.fail(&grant, turn, meaning, sharing, now) }
            if let loss {
                telemetry.lost(loss)
                return .done(.failure(SharedFailure.error(loss)))
            }
        } catch {
            // The lease ends by itself, and an exchange that was noted counts as cut.
            telemetry.missed(name, error)
        }
        return .done(.failure(error))
    }

    /// Changes the grant, again if others were faster.
    ///
    /// - Parameter body: is told the vault's time; says nothing twice when it is run twice.
    /// - Returns: the entry as it was written.
    func change<Value: Sendable>(
        _ body: @Sendable (inout UpstreamGrant, UnixTime) -> Value
    ) async throws(StoreError) -> (entry: VaultEntry, value: Value) {
        for _ in 1..<Self.attempts {
            do throws(StoreError) { return try await changeOnce(body) } catch .conflict {} catch .outcomeUnknown {}
            await SharedWait.sleep(.milliseconds(10))
        }
        return try await changeOnce(body)
    }

    private func changeOnce<Value: Sendable>(
        _ body: @Sendable (inout UpstreamGrant, UnixTime) -> Value
    ) async throws(StoreError) -> (entry: VaultEntry, value: Value) {
        var entry = try await vault.load(key)
        let value = body(&entry.grant, entry.now)
        try await vault.save(entry.grant, as: key, over: entry.version)
        entry.version = entry.version.next
        return (entry, value)
    }
}

extension UpstreamGrant.Issued {
    init(_ token: IssuedToken, refreshToken: Secret? = nil) {
        self.init(token: token.value, type: token.type, scope: token.scope, lifetime: token.lifetime, refreshToken: refreshToken)
    }
}
