import Synchronization
import TokenCore

// Exchanges of refresh tokens: the intent stands in the vault before the call, the answer before it is read.
extension SharedSource {
    /// - Parameter taken: no later than the lease was.
    func exchange(
        _ source: any RotatingTokenSource, _ fetch: TokenFetch, _ turn: UpstreamGrant.Turn, since taken: MonotonicTime
    ) async -> Outcome {
        guard let refreshToken = turn.refreshToken else { return .again }
        // Whoever was stopped before the call does not present a refresh token that somebody else may have presented since.
        guard steps.isInTime(taken, fetch.timeout) else {
            _ = try? await change { grant, now in grant.failed(turn, .stands, sharing: nil, now: now) }
            return .again
        }
        let asked = Moment.read()
        let answer: TokenAnswer
        do throws(TokenSourceError) { answer = try await source.exchange(refreshToken, for: fetch) } catch {
            return await fail(error, turn, .unknown, fetch.name)
        }
        guard (200..<300).contains(answer.status) else {
            do throws(TokenSourceError) { _ = try source.issued(from: answer) } catch { return await fail(error, turn, error.meaning, fetch.name) }
            return await fail(TokenSourceError(.status(answer.status), retryAfter: answer.retryAfter), turn, .unknown, fetch.name)
        }
        guard let stored = await steps.store(self, answer, turn, fetch.name) else { return .again }
        do throws(StoreError) { return try await read(stored, asked, fetch.name) } catch {
            telemetry.missed(fetch.name, error)
            return .done(.failure(TokenSourceError(.storage("the answer is stored and is read when the vault is back: \(error)"))))
        }
    }

    /// Stores the answer as it came. Tried until it is done, however long the vault is away: what is in it is nowhere else.
    ///
    /// - Returns: nil when somebody has read it already, or when a newer answer has taken its place.
    func store(_ answer: TokenAnswer, _ turn: UpstreamGrant.Turn, _ name: String) async -> UpstreamGrant.Answer? {
        let bytes = answer.encoded()
        var pause = Duration.milliseconds(20)
        while true {
            do throws(StoreError) {
                var entry = try await vault.load(key)
                if !entry.grant.has(turn) {
                    guard entry.grant.answered(bytes, turn) else {
                        telemetry.superseded(name)
                        return nil
                    }
                    try await vault.save(entry.grant, as: key, over: entry.version)
                }
                return entry.grant.exchange?.answer.flatMap { $0.fence == turn.fence ? $0 : nil }
            } catch .conflict {
                pause = .milliseconds(20)
            } catch {
                telemetry.missed(name, error)
            }
            await SharedWait.sleep(pause)
            pause = min(.seconds(1), pause * 2)
        }
    }

    /// Reads an answer that is stored: this process's own, or that of one that did not get so far.
    func read(_ answer: UpstreamGrant.Answer, _ asked: Moment, _ name: String) async throws(StoreError) -> Outcome {
        guard let rotating else { return .done(.failure(TokenSourceError(.misconfigured("the vault holds another kind of grant")))) }
        let grant: IssuedGrant
        do throws(TokenSourceError) {
            guard let kept = TokenAnswer(answer.bytes) else { throw TokenSourceError(.notUnderstood("a stored answer of an unknown form")) }
            grant = try rotating.issued(from: kept)
        } catch {
            return try await unreadable(answer, error, name)
        }
        let (entry, isRead) = try await change { shared, _ in
            shared.read(answer, .init(grant.token, refreshToken: grant.refreshToken), fallback: Self.fallbackLifetime)
        }
        guard isRead, let published = entry.grant.published, published.fence == answer.fence else { return .again }
        return .done(.success(issued(published, entry.now, asked)))
    }

    private func unreadable(
        _ answer: UpstreamGrant.Answer, _ error: TokenSourceError, _ name: String
    ) async throws(StoreError) -> Outcome {
        guard error.isInAnswer else {
            let (_, turn) = try await change { grant, _ in grant.discard(answer) }
            return if let turn { await fail(error, turn, error.meaning, name) } else { .again }
        }
        state.withLock { $0.unreadable = answer.fence }
        guard let sharing = SharedFailure.sharing(error) else { return .done(.failure(error)) }
        _ = try await change { grant, now in grant.unreadable(answer, sharing: sharing, now: now) }
        return .done(.failure(error))
    }
}

extension TokenSourceError {
    /// What it says about the refresh token that was presented.
    fileprivate var meaning: UpstreamGrant.Meaning {
        switch reason {
        case .refused(let refusal) where refusal.error == "invalid_grant": .refused
        case .refused(let refusal): refusal.status < 500 ? .stands : .unknown
        case .status(let status): status < 500 ? .stands : .unknown
        default: .unknown
        }
    }

    /// Whether something that is wanted may be in the answer, although it was not understood.
    fileprivate var isInAnswer: Bool {
        if case .refused = reason { false } else { true }
    }
}

extension TokenAnswer {
    private static let form: UInt8 = 1

    /// Form 1: the status and the body. `Retry-After` is of no use later.
    fileprivate func encoded() -> Secret {
        var writer = ByteWriter(capacity: body.bytes.count + 8)
        writer.write(Self.form)
        writer.write(UInt16(clamping: status))
        writer.write(raw: body.bytes)
        return Secret(writer.bytes)
    }

    fileprivate init?(_ stored: Secret) {
        guard stored.bytes.count >= 3, stored.bytes[0] == Self.form else { return nil }
        self.init(status: Int(stored.bytes[1]) << 8 | Int(stored.bytes[2]), body: Secret(Array(stored.bytes.dropFirst(3))))
    }
}
