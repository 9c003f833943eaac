import HTTPTypes
import JOSE
import TokenCore
import TokenEngine
import TokenValidation

/// `POST /logout`: ends the caller's session, or with `?all=true` all sessions of its subject, at once.
struct LogoutEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/logout"
    let engine: TokenEngine
    let caller: TokenCaller

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let all = try request.query.flag("all")
        guard case .holder(let token) = try await caller.caller(of: request) else { return .credentialsMissing }
        try await caller.share.run(for: request.connection.id) { () throws(OAuthError) in
            if all {
                try await engine.logoutAll(subject: token.subject, because: .logout)
            } else {
                try await engine.logout(session: token.session, subject: token.subject)
            }
        }
        return .ended(all ? "all" : token.session.description)
    }
}

/// `GET /sessions`: the caller's own live sessions, paged (`limit`, `after`), oldest first.
struct OwnSessionsEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/sessions"
    let engine: TokenEngine
    let caller: TokenCaller

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard case .holder(let token) = try await caller.caller(of: request) else { return .credentialsMissing }
        let page = try await request.query.page { after, limit throws(OAuthError) in
            try await engine.sessions(of: token.subject, after: after, limit: limit)
        }
        return .sessions(page, current: token.session)
    }
}

/// `DELETE /sessions/{id}`: ends one of the caller's own sessions. Somebody else's answers like an unknown one.
struct EndOwnSessionEndpoint: Endpoint {
    static let method = HTTPRequest.Method.delete
    static let path = "/sessions/{id}"
    let engine: TokenEngine
    let caller: TokenCaller

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard case .holder(let token) = try await caller.caller(of: request) else { return .credentialsMissing }
        guard let id = SessionID(request.parameter) else { throw OAuthError(.notFound, "There is no such session.") }
        try await caller.share.run(for: request.connection.id) { () throws(OAuthError) in
            try await engine.endSession(id, owner: token.subject, because: .endedBySubject)
        }
        return .ended(id.description)
    }
}

extension Query {
    /// Reads `limit` (1 ... 100, 20 unless told) and `after` and asks for the page.
    func page(_ ask: (SessionID?, Int) async throws(OAuthError) -> SessionPage) async throws(OAuthError) -> SessionPage {
        var after: SessionID?
        if let text = self["after"] {
            guard let id = SessionID(text) else { throw OAuthError(.invalidRequest, "after is no session id.") }
            after = id
        }
        return try await ask(after, try number("limit", in: 1...100, default: 20))
    }
}

extension Reply {
    /// What was asked to end has ended.
    static func ended(_ what: String) -> Reply { .json { $0.member("ended", what) } }

    /// A page of sessions.
    ///
    /// - Parameter current: the caller's own; nil when an administrator looks.
    static func sessions(_ page: SessionPage, current: SessionID?) -> Reply {
        .json { json in
            json.name("sessions")
            json.array { json in
                for session in page.sessions { json.object { session.write(to: &$0, current: current) } }
            }
            json.name("next")
            if let next = page.next { json.value(next.description) } else { json.null() }
        }
    }
}

extension SessionSummary {
    /// Its members: times as RFC 3339 in UTC, with milliseconds.
    fileprivate func write(to json: inout JSONWriter, current: SessionID?) {
        json.member("session_id", id.description)
        json.member("subject", subject.text)
        if let client { json.member("client_id", client.text) }
        if let device { json.member("device", device) }
        json.member("created_at", createdAt.rfc3339)
        json.member("last_seen", lastSeen.rfc3339)
        json.member("ends_at", endsAt.rfc3339)
        json.member("rotations", Int64(rotations))
        if let current { json.member("current", id == current) }
    }
}
