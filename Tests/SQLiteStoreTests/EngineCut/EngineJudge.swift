import SQLiteStore
import TokenCore
import TokenEngine

/// Asks an engine that came back about everything its clients were told.
struct EngineJudge {
    let engine: TokenEngine
    let parts: EngineUnderCut
    /// The events that survived, by session and by subject.
    private let bySession: [SessionID?: [Event]]
    private let bySubject: [String?: [Event]]
    var violations: [String] = []

    init(engine: TokenEngine, parts: EngineUnderCut, events: [Event]) {
        self.engine = engine
        self.parts = parts
        bySession = Dictionary(grouping: events, by: \.session)
        bySubject = Dictionary(grouping: events.filter { $0.session == nil }, by: \.subject)
    }

    /// Every event of a store.
    static func events(of store: SQLiteStore) async throws -> [Event] {
        var events: [NumberedEvent] = []
        while case let page = try await store.events(after: events.last?.number ?? 0, limit: 10_000), !page.isEmpty { events += page }
        return events.map(\.event)
    }

    mutating func judge(_ client: EngineClient) async {
        violations += client.violations
        for (number, session) in client.sessions.enumerated() {
            checkEvents(session, of: client.subject)
            if session.isOver {
                await checkOver(session, of: client.subject)
            } else if number.isMultiple(of: 2) || session.tokens.count < 2 || session.isUnsure {
                await checkNewestFirst(session)
            } else {
                await checkTokenBefore(session)
            }
        }
    }

    /// Whatever was acknowledged was committed with its event.
    private mutating func checkEvents(_ session: EngineClient.Session, of subject: Subject) {
        let events = bySession[session.id] ?? []
        if events.first?.name != .issued { violations.append("\(session.id): an acknowledged login is lost") }
        let generations = events.filter { $0.name == .refreshed }.compactMap(\.count)
        let known = UInt64(session.tokens.count - 1)
        if generations != Array(1..<known + 1), !(session.isUnsure && generations == Array(1..<known + 2)) {
            violations.append("\(session.id): \(known) refreshes were acknowledged, there are \(generations)")
        }
        let ends = events.filter { $0.name == .revoked } + (bySubject[subject.text] ?? []).filter { $0.name == .revoked }
        if session.isOver && ends.isEmpty { violations.append("\(session.id): an acknowledged logout is lost") }
    }

    /// An acknowledged logout stays: no token of the session works, and no event loop takes its access tokens.
    private mutating func checkOver(_ session: EngineClient.Session, of subject: Subject) async {
        for token in session.tokens.reversed() where await refresh(token) != nil {
            violations.append("\(session.id): a token works after an acknowledged logout")
        }
        if !parts.view.refuses(session.id, of: subject) {
            violations.append("\(session.id): its access tokens are accepted after an acknowledged logout")
        }
    }

    /// The newest token works, once; what it was given for does not.
    private mutating func checkNewestFirst(_ session: EngineClient.Session) async {
        guard let newest = session.tokens.last else { return }
        // A refresh or a logout without an answer may have happened: then the token may be used up, or the session over.
        guard let successor = await refresh(newest) else {
            if !session.isUnsure { violations.append("\(session.id): the newest token is refused") }
            return
        }
        if session.tokens.contains(successor) { violations.append("\(session.id): a token was given twice") }
        if let again = await refresh(newest), again != successor { violations.append("\(session.id): a token worked twice") }
        if let before = session.tokens.dropLast().last, await refresh(before) != nil {
            violations.append("\(session.id): a token worked that had been exchanged twice over")
        }
    }

    /// The token before the newest: inside the grace window it gets the same successor, outside it is refused.
    private mutating func checkTokenBefore(_ session: EngineClient.Session) async {
        guard let before = session.tokens.dropLast().last, let newest = session.tokens.last else { return }
        let isInside = parts.isInsideGrace
        let successor = await refresh(before)
        if isInside && successor != newest { violations.append("\(session.id): a retry did not get the acknowledged successor") }
        if !isInside && successor != nil { violations.append("\(session.id): a token worked twice") }
        if isInside, await refresh(newest) == nil { violations.append("\(session.id): the newest token is refused after a retry") }
    }

    private func refresh(_ token: [UInt8]) async -> [UInt8]? { try? await engine.refresh(token).refresh }
}
