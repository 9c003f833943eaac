import TestSupport
import TokenCore
import TokenEngine

/// How much was acknowledged.
struct EngineTally: CustomStringConvertible {
    var logins = 0
    var refreshes = 0
    var logouts = 0

    var description: String { "\(logins) logins, \(refreshes) refreshes, \(logouts) logouts" }

    mutating func add(_ other: EngineTally) {
        logins += other.logins
        refreshes += other.refreshes
        logouts += other.logouts
    }
}

/// A user who logs in, refreshes, retries and logs out, one thing after the other, and remembers what was acknowledged.
struct EngineClient: Sendable {
    /// One session as far as the client knows.
    struct Session: Sendable {
        let id: SessionID
        /// Every refresh token that was answered, oldest first.
        var tokens: [[UInt8]]
        /// The last refresh or logout had no answer: it may have happened.
        var isUnsure = false
        /// A logout was acknowledged.
        var isOver = false
    }

    let subject: Subject
    private(set) var sessions: [Session] = []
    private(set) var tally = EngineTally()
    /// What no power cut excuses.
    private(set) var violations: [String] = []
    private var random: SplitMix

    init(number: Int64, seed: UInt64) {
        guard let subject = Subject(integer: number) else { preconditionFailure("\(number) is no subject") }
        self.subject = subject
        random = SplitMix(seed: seed)
    }

    /// Does one thing; false when it got no answer.
    mutating func step(with engine: TokenEngine) async -> Bool {
        let live = sessions.indices.filter { !sessions[$0].isOver }
        let choice = Int.random(in: 0..<100, using: &random)
        guard let index = live.randomElement(using: &random), choice >= 20 else { return await login(engine) }
        return switch choice {
        case ..<65: await refresh(index, engine)
        case ..<80: await retry(index, engine)
        case ..<98: await logout(index, engine)
        default: await logoutAll(live, engine)
        }
    }

    private mutating func login(_ engine: TokenEngine) async -> Bool {
        let pair = await answer { subject throws(OAuthError) in try await engine.login(.init(subject: subject)) }
        guard let pair else { return false }
        sessions.append(Session(id: pair.session, tokens: [pair.refresh]))
        tally.logins += 1
        return true
    }

    private mutating func refresh(_ index: Int, _ engine: TokenEngine) async -> Bool {
        guard let token = sessions[index].tokens.last else { return true }
        sessions[index].isUnsure = true
        let pair = await answer { _ throws(OAuthError) in try await engine.refresh(token) }
        guard let pair else { return false }
        sessions[index].isUnsure = false
        sessions[index].tokens.append(pair.refresh)
        tally.refreshes += 1
        return true
    }

    /// The token before the last one: the clock stands, so it is inside the grace window.
    private mutating func retry(_ index: Int, _ engine: TokenEngine) async -> Bool {
        guard let before = sessions[index].tokens.dropLast().last else { return true }
        let pair = await answer { _ throws(OAuthError) in try await engine.refresh(before) }
        guard let pair else { return false }
        if pair.refresh != sessions[index].tokens.last { violations.append("a retry got another successor") }
        return true
    }

    private mutating func logout(_ index: Int, _ engine: TokenEngine) async -> Bool {
        let id = sessions[index].id
        sessions[index].isUnsure = true
        let done: Void? = await answer { subject throws(OAuthError) in try await engine.logout(session: id, subject: subject) }
        guard done != nil else { return false }
        sessions[index].isOver = true
        tally.logouts += 1
        return true
    }

    private mutating func logoutAll(_ live: [Int], _ engine: TokenEngine) async -> Bool {
        for index in live { sessions[index].isUnsure = true }
        let epoch = await answer { subject throws(OAuthError) in try await engine.logoutAll(subject: subject, because: .logout) }
        guard epoch != nil else { return false }
        for index in live { sessions[index].isOver = true }
        tally.logouts += 1
        return true
    }

    /// What an order came to; nil without an answer.
    private mutating func answer<T>(_ ask: (Subject) async throws(OAuthError) -> T) async -> T? {
        let subject = subject
        do throws(OAuthError) { return try await ask(subject) } catch {
            if error.code != .temporarilyUnavailable { violations.append("refused before the cut: \(error)") }
            return nil
        }
    }
}
