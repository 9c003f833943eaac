/// A history ordered by what its rules ask for.
struct HistoryIndex {
    /// What concerns one session whose login was acknowledged.
    struct Session {
        let id: String
        let subject: String
        /// When its login was asked for, and when it was answered.
        let born: (after: Moment, before: Moment)
        var presented: [Operation] = []
        var accepted: [Operation] = []
        var refused: [Operation] = []
        /// Orders to end just this one.
        var orders: [Operation] = []
    }

    private(set) var sessions: [String: Session] = [:]
    /// Who presented each refresh token.
    private(set) var presentations: [String: [Operation]] = [:]
    private var ordersForAll: [String: [Operation]] = [:]

    init(_ history: [Operation]) {
        for operation in history {
            if case .login(let subject) = operation.action, case .granted(let id, _) = operation.answer {
                sessions[id] = Session(id: id, subject: subject, born: (operation.began, operation.ended))
            }
        }
        for operation in history { file(operation) }
    }

    private mutating func file(_ operation: Operation) {
        switch operation.action {
        case .login: break
        case .refresh(let token, let session):
            presentations[token, default: []].append(operation)
            sessions[session]?.presented.append(operation)
            note(operation, in: session)
        case .authenticate(let session): note(operation, in: session)
        case .end(let session):
            if operation.mayHaveHappened {
                sessions[session]?.orders.append(operation)
            } else {
                sessions[session]?.refused.append(operation)
            }
        case .endAll(let subject):
            if operation.mayHaveHappened { ordersForAll[subject, default: []].append(operation) }
        }
    }

    private mutating func note(_ operation: Operation, in session: String) {
        switch operation.answer {
        case .granted, .done: sessions[session]?.accepted.append(operation)
        case .refused: sessions[session]?.refused.append(operation)
        case .unknown: break
        }
    }

    /// What may have ended a session by order. An order that was answered before the session's login was sent cannot have.
    func orders(concerning session: Session) -> [Operation] {
        session.orders + (ordersForAll[session.subject] ?? []).filter { $0.ended >= session.born.after }
    }

    /// What says that a session is certainly over once it is answered: an acknowledged order to end it, or a refusal. An order for all counts if it
    /// was sent after the login was answered.
    func knownEnds(of session: Session) -> [Operation] {
        let all = (ordersForAll[session.subject] ?? []).filter { $0.began > session.born.before }
        return (session.orders + all).filter { $0.answer == .done } + session.refused
    }
}
