import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

// The one place where something that happened becomes a status code.

extension Reply.Status {
    static let ok = Reply.Status(code: 200, phrase: "OK")
    static let created = Reply.Status(code: 201, phrase: "Created")
    static let notModified = Reply.Status(code: 304, phrase: "Not Modified")
    static let badRequest = Reply.Status(code: 400, phrase: "Bad Request")
    static let unauthorized = Reply.Status(code: 401, phrase: "Unauthorized")
    static let forbidden = Reply.Status(code: 403, phrase: "Forbidden")
    static let notFound = Reply.Status(code: 404, phrase: "Not Found")
    static let methodNotAllowed = Reply.Status(code: 405, phrase: "Method Not Allowed")
    static let requestTimeout = Reply.Status(code: 408, phrase: "Request Timeout")
    static let conflict = Reply.Status(code: 409, phrase: "Conflict")
    static let contentTooLarge = Reply.Status(code: 413, phrase: "Content Too Large")
    static let unprocessable = Reply.Status(code: 422, phrase: "Unprocessable Content")
    static let tooManyRequests = Reply.Status(code: 429, phrase: "Too Many Requests")
    static let headersTooLarge = Reply.Status(code: 431, phrase: "Request Header Fields Too Large")
    static let serverError = Reply.Status(code: 500, phrase: "Internal Server Error")
    static let notImplemented = Reply.Status(code: 501, phrase: "Not Implemented")
    static let unavailable = Reply.Status(code: 503, phrase: "Service Unavailable")

    fileprivate init(_ code: OAuthError.Code) {
        switch code {
        case .invalidRequest: self = .badRequest
        case .invalidToken, .invalidClient: self = .unauthorized
        case .accessDenied: self = .forbidden
        case .notFound, .noneFree, .notAssigned: self = .notFound
        case .methodNotAllowed: self = .methodNotAllowed
        case .conflict, .staleLease, .poolFull, .poolDraining, .holderLimit: self = .conflict
        case .outOfBounds: self = .unprocessable
        case .contentTooLarge: self = .contentTooLarge
        case .headersTooLarge: self = .headersTooLarge
        case .slowDown: self = .tooManyRequests
        case .serverError: self = .serverError
        case .temporarilyUnavailable: self = .unavailable
        }
    }
}

extension Reply {
    /// The status of an API behind us, as it came.
    static func passedOn(_ code: Int) -> HTTPResponse.Status { HTTPResponse.Status(code: code) }

    /// A JSON answer that no cache may keep.
    static func json(_ body: [UInt8], status: Status = .ok) -> Reply {
        Reply(status: status, fields: [Field(name: "Content-Type", value: "application/json"), noStore], body: body)
    }

    /// A JSON answer that no cache may keep, from the members that `write` writes.
    static func json(status: Status = .ok, _ write: (inout JSONWriter) -> Void) -> Reply {
        var json = JSONWriter()
        json.object(write)
        return .json(json.bytes, status: status)
    }

    /// A short text that no cache may keep.
    static func text(_ body: String, type: String = "text/plain; charset=utf-8", status: Status = .ok) -> Reply {
        Reply(status: status, fields: [Field(name: "Content-Type", value: type), noStore], body: Array(body.utf8))
    }

    /// What `/login` and `/refresh` answer (RFC 6749 section 5.1, with the shorter member names of this interface).
    static func pair(_ pair: TokenPair) -> Reply {
        .json { json in
            json.member("access", String(decoding: pair.access, as: UTF8.self))
            json.member("refresh", String(decoding: pair.refresh, as: UTF8.self))
            json.member("token_type", "Bearer")
            json.member("expires_in", pair.expiresIn)
            json.member("session_id", pair.session.description)
        }
    }

    /// The key set, which caches may keep (RFC 7517); or that the caller's copy is still right (RFC 9110 section 13.1.2).
    static func keySet(_ body: [UInt8], etag: String, maxAge: Int64, isCurrent: Bool) -> Reply {
        let cache = [Field(name: "Cache-Control", value: "public, max-age=\(maxAge)"), Field(name: "ETag", value: etag)]
        if isCurrent { return Reply(status: .notModified, fields: cache, body: []) }
        return Reply(status: .ok, fields: [Field(name: "Content-Type", value: "application/jwk-set+json")] + cache, body: body)
    }

    /// A refusal in the one shape, with the challenge that its code asks for (RFC 6750 section 3, RFC 7617).
    static func refusal(_ error: OAuthError) -> Reply {
        switch error.code {
        case .invalidToken: refusal(error, challenge: .bearer(error))
        case .invalidClient: refusal(error, challenge: .basic)
        default: refusal(error, challenge: nil)
        }
    }

    /// Why an import ended before its end, and how far it had come.
    static func importBroken(_ error: OAuthError, _ progress: ImportProgress) -> Reply {
        refusal(error, challenge: nil) { json in
            json.member("added", Int64(progress.added))
            json.member("known", Int64(progress.lines - progress.added))
        }
    }

    /// No credentials were sent: the challenge names no error, because there is none (RFC 6750 section 3.1).
    static let credentialsMissing = refusal(
        OAuthError(.invalidToken, "An access token is needed."), challenge: .bearerWithoutError)

    /// A client's credentials are needed, and none were sent (RFC 7617).
    static let clientNeeded = refusal(.clientNeeded)

    /// The caller's copy of a token is still the newest.
    static func upstreamUnchanged(tag: String?) -> Reply {
        Reply(status: .notModified, fields: [noStore] + (tag.map { [Field(name: "ETag", value: $0)] } ?? []), body: [])
    }

    /// The one refusal of an access token.
    static let tokenNotValid = refusal(.accessTokenNotValid())

    /// The one refusal of the admin credential.
    static let adminTokenNotValid = refusal(OAuthError(.invalidToken, "The admin token is not valid."))

    /// The path is known and the method is not (RFC 9110 section 15.5.6).
    static func methodNotAllowed(allow: [String]) -> Reply {
        refusal(OAuthError(.methodNotAllowed, "This path does not have this method."))
            .adding("Allow", allow.joined(separator: ", "))
    }

    /// No such path.
    static let pathNotFound = refusal(OAuthError(.notFound, "There is nothing here."))

    /// The request took too long to arrive; the connection is closed after it.
    static let requestTimedOut = ending(.requestTimeout, "The request took too long to arrive.")

    /// The body comes in a coding that is not read here (RFC 9112 section 6.1); the connection is closed after it.
    static let transferCodingUnknown = ending(.notImplemented, "Chunked is the one transfer coding that is understood.")

    /// A refusal of what cannot be read to its end.
    private static func ending(_ status: Status, _ description: String) -> Reply {
        let refusal = refusal(OAuthError(.invalidRequest, description))
        return Reply(status: status, fields: refusal.fields, body: refusal.body, closes: true)
    }

    private static let noStore = Field(name: "Cache-Control", value: "no-store")

    private enum Challenge {
        case bearer(OAuthError)
        case bearerWithoutError
        case basic

        var value: String {
            switch self {
            case .bearer(let error):
                "Bearer realm=\"mintmark\", error=\"\(error.code.rawValue)\", error_description=\"\(error.description)\""
            case .bearerWithoutError: "Bearer realm=\"mintmark\""
            case .basic: "Basic realm=\"mintmark\", charset=\"UTF-8\""
            }
        }
    }

    private static func refusal(_ error: OAuthError, challenge: Challenge?, _ more: (inout JSONWriter) -> Void = { _ in }) -> Reply {
        var reply = Reply.json(status: Status(error.code)) { json in
            json.member("error", error.code.rawValue)
            json.member("error_description", error.description)
            more(&json)
        }
        if let challenge { reply = reply.adding("WWW-Authenticate", challenge.value) }
        if let wait = error.retryAfter { reply = reply.adding("Retry-After", String(max(1, wait.components.seconds))) }
        reply.detail = error.detail
        return reply
    }
}
