public import TokenCore

extension TokenPoolClient {
    /// Takes a token out, keeps it alive while `body` runs, and gives it back on every way out.
    ///
    /// When the assignment cannot be kept (the server gave the token to nobody else yet, whatever its clock does) `body` is cancelled `margin` before
    /// the end, and this throws `.leaseLost` once it has returned: work that does not listen to cancellation must compare `token.lease` where it
    /// writes.
    ///
    /// - Parameters:
    ///   - wait: how long to wait in the pool's queue, at most a minute; zero asks once.
    ///   - body: runs once. It may `report` how it went; otherwise the token is given back.
    /// - Throws: what `body` throws; `.leaseLost`; of the taking out `.noneFree`, `.refused`, `.unreachable`, `.notUnderstood`; `CancellationError`.
    public func withToken<Result: Sendable>(
        pool: PoolName = .usual, wait: Duration = .zero, _ body: @escaping @Sendable (HeldToken) async throws -> Result
    ) async throws -> Result {
        let sentAt = ContinuousClock.now
        guard let token = try await assign(pool: pool, wait: wait).first else { throw PoolClientError.notUnderstood("no token") }
        let held = HeldToken(token: token, pools: self)
        do {
            let result = try await run(held, try await confirmed(token, sentAt: sentAt), body)
            await giveBack(held)
            return result
        } catch {
            if error as? PoolClientError != .leaseLost { await giveBack(held) }
            throw error
        }
    }

    /// What is known of the assignment before the work begins. After a long wait most of the lifetime may seem to be over, since it counts from the
    /// sending: a sign of life tells how much there is.
    private func confirmed(_ token: AssignedPoolToken, sentAt: ContinuousClock.Instant) async throws -> HoldMachine {
        let lifetime = token.expiresAt - sentAt
        var machine = HoldMachine(lifetime: lifetime, sentAt: sentAt, margin: margin)
        guard ContinuousClock.now >= sentAt + lifetime / 3 else { return machine }
        let askedAt = ContinuousClock.now
        machine.keptAlive(try await keepAlive(token, timeout: timeout), sentAt: askedAt)
        return machine
    }

    private enum Step<Result: Sendable>: Sendable {
        /// The work is over, since then.
        case finished(Swift.Result<Result, any Error>, at: ContinuousClock.Instant)
        /// The work must end: after that moment the token may be somebody else's.
        case lost(at: ContinuousClock.Instant)
        /// Nothing keeps the token alive any more, because nothing has to.
        case kept
    }

    /// Runs the work beside what keeps the assignment; either ends the other. What the work brought to its end in time counts.
    private func run<Result: Sendable>(
        _ held: HeldToken, _ machine: HoldMachine, _ body: @escaping @Sendable (HeldToken) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Step<Result>.self) { group in
            group.addTask {
                let result: Swift.Result<Result, any Error>
                do { result = .success(try await body(held)) } catch { result = .failure(error) }
                return .finished(result, at: .now)
            }
            group.addTask { await keep(held, machine) }
            var lostAt: ContinuousClock.Instant?
            while let step = try await group.next() {
                switch step {
                case .finished(.success(let result), let moment) where moment <= lostAt ?? moment:
                    group.cancelAll()
                    return result
                case .finished(let result, _):
                    group.cancelAll()
                    guard lostAt == nil else { throw PoolClientError.leaseLost }
                    return try result.get()
                case .lost(let moment):
                    lostAt = moment
                    group.cancelAll()
                case .kept: break
                }
            }
            preconditionFailure("the work on a token has no end")
        }
    }

    /// Keeps an assignment alive until it is cancelled, reported or lost.
    private func keep<Result: Sendable>(_ held: HeldToken, _ first: HoldMachine) async -> Step<Result> {
        var machine = first
        while !held.isEnded {
            let step = machine.step()
            guard (try? await Task.sleep(until: step.moment, clock: .continuous)) != nil, !held.isEnded else { break }
            guard case .keepAlive = step else { return .lost(at: machine.end) }
            await giveSign(held, &machine)
        }
        return .kept
    }

    private func giveSign(_ held: HeldToken, _ machine: inout HoldMachine) async {
        let sentAt = ContinuousClock.now
        do {
            machine.keptAlive(try await keepAlive(held.token, timeout: min(timeout, machine.stopBy - sentAt)), sentAt: sentAt)
        } catch PoolClientError.leaseLost where !held.isEnded {
            machine.lost(at: .now)
        } catch {
            machine.failed(at: .now)
        }
    }

    /// Gives a token back although the caller may be cancelled. What fails is left to the server: the assignment lapses.
    private func giveBack(_ held: HeldToken) async {
        guard held.end() else { return }
        let token = held.token
        let deadline = ContinuousClock.now + timeout
        await Task {
            var pause = Duration.milliseconds(100)
            while ContinuousClock.now + pause < deadline {
                do {
                    return try await unblock(token)
                } catch PoolClientError.unreachable {
                    try? await Task.sleep(for: pause)
                    pause *= 2
                } catch {
                    return
                }
            }
        }.value
    }
}
