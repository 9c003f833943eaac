import Logging
public import TokenCore
import TokenSealing

/// What a call names a token by: its value, or the id that lists show.
public enum TokenReference: Sendable {
    /// The token itself.
    case value(Secret)
    /// What it is known by.
    case id(PooledTokenID)
}

/// A token to be put in, with its value.
public struct ImportedToken: Sendable {
    /// Its value: 1 to `TokenPools.longestValue` bytes.
    public let value: Secret
    /// A JSON object of at most 1,024 bytes, or nothing.
    public let metadata: [UInt8]

    /// A token.
    public init(value: Secret, metadata: [UInt8] = []) {
        self.value = value
        self.metadata = metadata
    }
}

// MARK: - Putting tokens in

extension TokenPools {
    /// Makes tokens (`PoolTokenText`): all of them or none. They are put in in pieces; when one cannot be, those before it are taken
    /// out again, so that another instance may see them for a moment.
    ///
    /// - Throws: `out_of_bounds` unless 1 ... `mostGenerated`; `pool_full`; `not_found`; `temporarily_unavailable`.
    public func generate(_ count: Int, in pool: PoolName) async throws(OAuthError) -> [Secret] {
        guard (1...Self.mostGenerated).contains(count) else { throw OAuthError(.outOfBounds, "The count is 1 to 10000.") }
        let statistics = try await statistics(of: pool)
        let room = statistics.policy.mostTokens - statistics.total
        guard count <= room else { throw refusal(.full(room: max(0, room))) }
        let values = Self.draw(count, at: clock.now())
        let tokens = values.map { newToken(ImportedToken(value: $0), in: pool) }
        for start in stride(from: 0, to: count, by: PoolVerb.mostAdded) {
            let piece = Array(tokens[start..<min(start + PoolVerb.mostAdded, count)])
            do throws(OAuthError) {
                let outcome = try await ask(.add(piece), in: pool).outcome
                guard outcome == .added(piece.count) else { throw refusal(outcome) }
            } catch {
                // The fate of this piece may be unknown: it is taken out too.
                await takeBack(tokens[..<(start + piece.count)].map(\.id), from: pool)
                throw error
            }
        }
        return values
    }

    /// Puts in tokens that exist elsewhere: those that are not there yet, all of them or none.
    ///
    /// - Parameter tokens: at most `PoolVerb.mostAdded`.
    /// - Returns: how many were not there.
    /// - Throws: `pool_full`; `not_found`; `temporarily_unavailable`.
    public func add(_ tokens: [ImportedToken], to pool: PoolName) async throws(OAuthError) -> Int {
        let reply = try await ask(.add(tokens.map { newToken($0, in: pool) }), in: pool)
        guard case .added(let count) = reply.outcome else { throw refusal(reply.outcome) }
        return count
    }

    private func newToken(_ token: ImportedToken, in pool: PoolName) -> NewToken {
        let id = sealer.id(of: token.value, in: pool)
        return NewToken(id: id, sealed: sealer.seal(token.value, id: id, in: pool), metadata: token.metadata)
    }

    private static func draw(_ count: Int, at time: UnixTime) -> [Secret] {
        let length = PoolTokenText.randomLength
        var values: [Secret] = []
        values.reserveCapacity(count)
        while values.count < count {
            let bytes = SystemRandomness.bytes(length * min(8, count - values.count))
            for start in stride(from: 0, to: bytes.count, by: length) { values.append(PoolTokenText.make(at: time, bytes[start..<start + length])) }
        }
        return values
    }

    /// How many are taken out at once, so that a store with group commit writes them together.
    private static let takenBackAtOnce = 64

    private func takeBack(_ ids: [PooledTokenID], from pool: PoolName) async {
        for start in stride(from: 0, to: ids.count, by: Self.takenBackAtOnce) {
            let lost = await withTaskGroup(of: Bool.self) { group in
                for id in ids[start..<min(start + Self.takenBackAtOnce, ids.count)] {
                    group.addTask { (try? await self.perform(.delete(id, lease: nil), in: pool)) == nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            guard lost > 0 else { continue }
            logger.error(
                "tokens of a call that failed are still in their pool; nobody was told their values",
                metadata: ["pool": "\(pool)", "count": "\(lost)"])
            return
        }
    }
}

// MARK: - Speaking of one token

extension TokenPools {
    /// A sign of life.
    ///
    /// - Returns: for how long the token is still its holder's; nil when nobody has it.
    /// - Throws: `not_found`, `stale_lease`, `temporarily_unavailable`.
    public func keepAlive(_ token: Secret, lease: LeaseNumber?, in pool: PoolName) async throws(OAuthError) -> Duration? {
        // Counted from before the verb, as its caller counts from before the request: never beyond the end.
        let asked = clock.now()
        let reply = try await ask(.keepAlive(sealer.id(of: token, in: pool), lease: lease), in: pool)
        guard case .alive(let until) = reply.outcome else { throw refusal(reply.outcome) }
        return until.map { $0 - asked }
    }

    /// Its holder gives a token back.
    ///
    /// - Returns: when somebody may have it again.
    /// - Throws: `not_found`, `not_assigned`, `stale_lease`, `temporarily_unavailable`.
    public func release(_ token: Secret, lease: LeaseNumber?, in pool: PoolName) async throws(OAuthError) -> Duration {
        let reply = try await ask(.release(sealer.id(of: token, in: pool), lease: lease), in: pool)
        guard case .resting(let until) = reply.outcome else { throw refusal(reply.outcome) }
        return max(.zero, until - clock.now())
    }

    /// What became of a token after a report.
    public enum Reported: Sendable, Hashable {
        /// Its holder still has it, for that long.
        case held(Duration)
        /// It rests for that long.
        case resting(Duration)
        /// It is set aside until somebody restores or deletes it.
        case quarantined
    }

    /// How it went with a token.
    ///
    /// - Parameter rest: how long a token that failed rests at least.
    /// - Throws: `not_found`, `stale_lease`, `temporarily_unavailable`.
    public func report(
        _ token: Secret, lease: LeaseNumber, failed: Bool, rest: Duration, in pool: PoolName
    ) async throws(OAuthError) -> Reported {
        let reply = try await ask(.report(sealer.id(of: token, in: pool), lease: lease, failed: failed, rest: rest), in: pool)
        switch reply.outcome {
        case .alive(let until): return .held(until.map { $0 - clock.now() } ?? .zero)
        case .resting(let until): return .resting(max(.zero, until - clock.now()))
        case .quarantined: return .quarantined
        default: throw refusal(reply.outcome)
        }
    }

    /// A token that was set aside is free again; any other stays as it is.
    ///
    /// - Throws: `not_found`, `temporarily_unavailable`.
    public func restore(_ token: TokenReference, in pool: PoolName) async throws(OAuthError) {
        let reply = try await ask(.restore(id(of: token, in: pool)), in: pool)
        guard reply.outcome == .done else { throw refusal(reply.outcome) }
    }

    /// Takes a token out for ever, whoever has it.
    ///
    /// - Throws: `not_found`, `stale_lease`, `temporarily_unavailable`.
    public func delete(_ token: TokenReference, lease: LeaseNumber?, in pool: PoolName) async throws(OAuthError) {
        let reply = try await ask(.delete(id(of: token, in: pool), lease: lease), in: pool)
        guard reply.outcome == .done else { throw refusal(reply.outcome) }
    }

    private func id(of token: TokenReference, in pool: PoolName) -> PooledTokenID {
        switch token {
        case .value(let value): sealer.id(of: value, in: pool)
        case .id(let id): id
        }
    }
}
