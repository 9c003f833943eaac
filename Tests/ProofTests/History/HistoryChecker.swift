/// Judges a history of sessions: a pure function from what clients saw to what a correct server cannot have done.
///
/// The rules, each in the weakest form that no interleaving can excuse:
/// 1. *An end is final.* What began after a session's end was acknowledged, or after anything of it was refused, is refused.
/// 2. *A refusal has a cause.* Something that may have ended the session began before the refusal ended: an order to end it, or a
///    refresh token that may have been used before. Otherwise an acknowledged login or rotation was lost.
/// 3. *A family never forks.* All successors ever given for one refresh token are equal.
/// 4. *A refresh token works once,* but for retries inside the grace window, which using the successor closes.
///
/// Of several instances on one store, refreshes and orders are held to the same: the store decides them. What an instance says of an access token may
/// be as old as `staleness`, but an order that it acknowledged itself and a refusal of its own bind it at once.
///
/// No session may run into its lifetimes while the history is recorded: a refusal because of age counts as one without cause.
struct HistoryChecker {
    /// `auth.refresh_grace` of the server.
    let grace: Duration
    /// By how much the server's clock, in milliseconds, may differ from ours over one grace window.
    var slack: Duration = .milliseconds(20)
    /// How long after a session's end another instance than the one that ended it may accept its access tokens (`auth.max_staleness`). Nil: there is
    /// one instance.
    var staleness: Duration?

    /// Everything that is wrong, in no order.
    func violations(in history: [Operation]) -> Set<Violation> {
        let index = HistoryIndex(history)
        var found: Set<Violation> = []
        for session in index.sessions.values {
            found.formUnion(acceptedAfterTheEnd(of: session, index))
            found.formUnion(refusedWithoutCause(session, index))
        }
        for (token, presentations) in index.presentations {
            found.formUnion(reused(token, presentations, index))
        }
        return found
    }

    private func acceptedAfterTheEnd(of session: HistoryIndex.Session, _ index: HistoryIndex) -> [Violation] {
        let ends = index.knownEnds(of: session)
        guard let end = ends.filter({ bindsEverybody($0, of: session, index) }).map(\.ended).min() else {
            return session.accepted.filter { isRefusedBefore($0, by: ends) }.map(Violation.acceptedAfterItsEnd)
        }
        return session.accepted.filter { $0.began > end + patience(with: $0) || isRefusedBefore($0, by: ends) }
            .map(Violation.acceptedAfterItsEnd)
    }

    /// Whether what ended a session, or said that it is over, says so for every instance: what the store decided does. A refused refresh does not where
    /// an order without an answer may be the reason: whatever it wrote may go with the primary that did not have it acknowledged.
    private func bindsEverybody(_ end: Operation, of session: HistoryIndex.Session, _ index: HistoryIndex) -> Bool {
        if staleness == nil || end.answer == .done { return true }
        guard case .refresh = end.action else { return false }
        return !(index.orders(concerning: session) + session.presented).contains { $0.answer == .unknown && $0.began < end.ended }
    }

    /// How much later than the end something may be accepted: only access tokens are judged without the store.
    private func patience(with accepted: Operation) -> Duration {
        if case .authenticate = accepted.action { staleness ?? .zero } else { .zero }
    }

    /// Whether the instance itself knew: it acknowledged the end, or refused an access token of the session.
    private func isRefusedBefore(_ accepted: Operation, by ends: [Operation]) -> Bool {
        guard case .authenticate = accepted.action else { return false }
        return ends.contains { end in
            if case .refresh = end.action { return false }
            return end.place == accepted.place && accepted.began > end.ended
        }
    }

    private func refusedWithoutCause(_ session: HistoryIndex.Session, _ index: HistoryIndex) -> [Violation] {
        guard !session.refused.isEmpty else { return [] }
        let ordered = index.orders(concerning: session).map(\.began)
        let reused = session.presented.filter { mayBeReuse($0, index) }.map(\.began)
        guard let cause = (ordered + reused).min() else { return session.refused.map(Violation.refusedWithoutCause) }
        return session.refused.filter { $0.ended <= cause }.map(Violation.refusedWithoutCause)
    }

    /// Whether a server may have had to take a presented refresh token for a stolen one.
    private func mayBeReuse(_ presented: Operation, _ index: HistoryIndex) -> Bool {
        guard case .refresh(let token, _) = presented.action else { return false }
        let earlier = (index.presentations[token] ?? []).filter {
            $0 != presented && $0.mayHaveHappened && $0.began < presented.ended
        }
        if earlier.isEmpty { return false }
        if grace == .zero || earlier.contains(where: { presented.ended - $0.began > grace - slack }) { return true }
        let successors = Set(earlier.compactMap(\.grantedToken))
        return successors.contains { successor in
            (index.presentations[successor] ?? []).contains { $0.mayHaveHappened && $0.began < presented.ended }
        }
    }

    private func reused(_ token: String, _ presentations: [Operation], _ index: HistoryIndex) -> [Violation] {
        let granted = presentations.filter { $0.grantedToken != nil }.sorted { $0.began < $1.began }
        guard let first = granted.first, granted.count > 1 else { return [] }
        var found: [Violation] = []
        if Set(granted.map(\.grantedToken)).count > 1 { found.append(.twoSuccessors(token: token)) }
        let rotatedBy = granted.map(\.ended).min() ?? first.ended
        let used = (index.presentations[first.grantedToken ?? ""] ?? []).filter { $0.grantedToken != nil }.map(\.ended).min()
        for again in granted.dropFirst() {
            let isLate = grace == .zero || again.began - rotatedBy > grace + slack
            let isClosed = used.map { $0 < again.began } ?? false
            if isLate || isClosed { found.append(.workedTwice(again)) }
        }
        return found
    }
}

extension Operation {
    /// The refresh token that was given.
    var grantedToken: String? {
        if case .granted(_, let token) = answer { token } else { nil }
    }
}
