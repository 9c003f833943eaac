import Synchronization

/// Collects what many clients saw at once.
final class Recorder: Sendable {
    /// Guards the list for one addition or one copy.
    private let operations = Mutex<[Operation]>([])

    /// Everything so far.
    var history: [Operation] { operations.withLock { $0 } }

    /// How many requests were answered with a yes so far.
    var acknowledged: Int { yeses.load(ordering: .relaxed) }
    private let yeses = Atomic(0)

    func record(_ action: Operation.Action, _ answer: Operation.Answer, at place: Int, began: Moment) {
        let operation = Operation(action: action, answer: answer, place: place, began: began, ended: .now())
        operations.withLock { $0.append(operation) }
        switch answer {
        case .granted, .done: yeses.add(1, ordering: .relaxed)
        case .refused, .unknown: break
        }
    }
}

/// A service whose answers are recorded.
struct RecordedService<Service: SessionService>: Sendable {
    let service: Service
    let recorder: Recorder

    func login(_ user: Int64) async -> Reply<Pair> {
        let began = Moment.now()
        let reply = await service.login(user)
        recorder.record(.login(subject: "\(user)"), reply.answer, at: service.place, began: began)
        return reply
    }

    func refresh(_ session: Pair) async -> Reply<Pair> {
        let began = Moment.now()
        let reply = await service.refresh(session.refresh)
        recorder.record(.refresh(token: session.refresh, session: session.session), reply.answer, at: service.place, began: began)
        return reply
    }

    @discardableResult
    func authenticate(_ session: Pair) async -> Reply<Void> {
        let began = Moment.now()
        let reply = await service.authenticate(session.access)
        recorder.record(.authenticate(session: session.session), reply.answer, at: service.place, began: began)
        return reply
    }

    @discardableResult
    func logout(_ session: Pair) async -> Reply<Void> {
        let began = Moment.now()
        let reply = await service.logout(session.access)
        recorder.record(.end(session: session.session), reply.answer, at: service.place, began: began)
        return reply
    }

    @discardableResult
    func logoutAll(_ session: Pair, subject: Int64) async -> Reply<Void> {
        let began = Moment.now()
        let reply = await service.logoutAll(session.access)
        recorder.record(.endAll(subject: "\(subject)"), reply.answer, at: service.place, began: began)
        // The order itself is refused when its bearer's session is over: that is what was learnt of the session.
        if case .refused = reply { recorder.record(.authenticate(session: session.session), .refused, at: service.place, began: began) }
        return reply
    }

    /// Ends a session from another one of the same subject, or from itself.
    @discardableResult
    func end(_ target: Pair, from session: Pair) async -> Reply<Void> {
        let began = Moment.now()
        let reply = await service.end(target.session, by: session.access)
        if case .refused(let status) = reply, status == 401 {
            recorder.record(.authenticate(session: session.session), .refused, at: service.place, began: began)
        } else {
            recorder.record(.end(session: target.session), reply.answer, at: service.place, began: began)
        }
        return reply
    }
}

extension Reply<Pair> {
    fileprivate var answer: Operation.Answer {
        switch self {
        case .ok(let pair): .granted(session: pair.session, token: pair.refresh)
        case .refused: .refused
        case .unknown: .unknown
        }
    }
}

extension Reply<Void> {
    fileprivate var answer: Operation.Answer {
        switch self {
        case .ok: .done
        case .refused: .refused
        case .unknown: .unknown
        }
    }
}
