import Foundation

/// A pair of tokens and the session they belong to.
struct Pair: Sendable, Hashable, Codable {
    let access: String
    let refresh: String
    let session: String

    enum CodingKeys: String, CodingKey {
        case access, refresh
        case session = "session_id"
    }

    /// A part of the access token, decoded: 0 its head, 1 its claims.
    func part(_ number: Int) throws -> Data {
        let text = access.split(separator: ".", omittingEmptySubsequences: false)[number].replacing("-", with: "+").replacing("_", with: "/")
        guard let data = Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)) else {
            throw CocoaError(.coderInvalidValue)
        }
        return data
    }
}

/// What became of a request.
enum Reply<Value: Sendable>: Sendable {
    case ok(Value)
    /// A definite no, with the status of HTTP that says so.
    case refused(Int)
    /// Whether it was done is open: no answer, or 503.
    case unknown

    var value: Value? {
        if case .ok(let value) = self { value } else { nil }
    }

    var isRefused: Bool {
        if case .refused = self { true } else { false }
    }
}

/// Whoever keeps sessions: a server behind a connection, or an engine in this process.
protocol SessionService: Sendable {
    /// Which of several instances is asked; 0 where there is one.
    var place: Int { get }
    func login(_ user: Int64) async -> Reply<Pair>
    func refresh(_ token: String) async -> Reply<Pair>
    func authenticate(_ access: String) async -> Reply<Void>
    func logout(_ access: String) async -> Reply<Void>
    func logoutAll(_ access: String) async -> Reply<Void>
    func end(_ session: String, by access: String) async -> Reply<Void>
}

extension SessionService {
    var place: Int { 0 }
}
