import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `GET /sessions?subject=…`: the live sessions of a subject, paged (`limit`, `after`).
struct SubjectSessionsEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/sessions"
    let engine: TokenEngine

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard let subject = request.query["subject"].flatMap(Subject.init(text:)) else {
            throw OAuthError(.invalidRequest, "The query must name a subject of 1 to 255 bytes.")
        }
        let page = try await request.query.page { after, limit throws(OAuthError) in
            try await engine.sessions(of: subject, after: after, limit: limit)
        }
        return .sessions(page, current: nil)
    }
}

/// `DELETE /sessions/{id}`: ends a session, whoever's it is.
struct EndSessionEndpoint: Endpoint {
    static let method = HTTPRequest.Method.delete
    static let path = "/sessions/{id}"
    let engine: TokenEngine

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard let id = SessionID(request.parameter) else { throw OAuthError(.notFound, "There is no such session.") }
        try await engine.endSession(id, owner: nil, because: .administrator)
        return .ended(id.description)
    }
}

/// `POST /sessions/revoke`: ends every session of a subject, whatever their number. Repeating it is harmless.
struct RevokeSubjectEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/sessions/revoke"
    let engine: TokenEngine

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard let subject = Self.subject(try JSONBody(request)["subject"]) else {
            throw OAuthError(.invalidRequest, "The body must name a subject of 1 to 255 bytes.")
        }
        try await engine.logoutAll(subject: subject, because: .administrator)
        return .ended("all")
    }

    /// As `user_id` in a login: `1` and `"1"` are one subject.
    private static func subject(_ value: JSONValue?) -> Subject? {
        switch value {
        case .string(let text)?: Subject(text: text)
        case .integer(let number)?: Subject(integer: number)
        default: nil
        }
    }
}
