import Synchronization
import TokenClient
import TokenCore

/// What happened, in its order.
final class Diary: Sendable {
    private let kept = Mutex<[String]>([])
    func note(_ line: String) { kept.withLock { $0.append(line) } }
    var lines: [String] { kept.withLock { $0 } }
    func count(_ line: String) -> Int { lines.count { $0 == line } }
}

/// A vault that can be away, and that tells when it is written to.
final class WatchedVault: TokenVault {
    private let vault = MemoryVault()
    private let diary: Diary
    private let trouble = Mutex<StoreError?>(nil)
    private let unknowns = Mutex(0)

    init(_ diary: Diary = Diary()) { self.diary = diary }

    var description: String { "watched" }
    /// What it throws; nil while it works.
    func fail(_ error: StoreError?) { trouble.withLock { $0 = error } }
    /// So many writes are done, and said to be of unknown fate.
    func doubt(_ count: Int) { unknowns.withLock { $0 = count } }

    func load(_ key: VaultKey) async throws(StoreError) -> VaultEntry {
        if let error = trouble.withLock({ $0 }) { throw error }
        return vault.load(key)
    }

    func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) async throws(StoreError) {
        if let error = trouble.withLock({ $0 }) { throw error }
        try vault.save(grant, as: key, over: version)
        diary.note(grant.exchange.map { $0.answer == nil ? "intent" : "answer" } ?? (grant.lease == nil ? "outcome" : "lease"))
        let isDoubted = unknowns.withLock { count in
            defer { count = max(0, count - 1) }
            return count > 0
        }
        if isDoubted { throw .outcomeUnknown("planned") }
    }
}

/// A source that rotates: the server's side is a closure.
struct RotatingDouble: RotatingTokenSource {
    let diary: Diary
    let answer: @Sendable (_ refreshToken: String) async throws(TokenSourceError) -> (status: Int, text: String)

    var firstRefreshToken: Secret { Secret(Array("r0".utf8)) }
    var identity: TokenIdentity { TokenIdentity(issuer: "double", grant: "refresh_token") }

    func exchange(_ refreshToken: Secret, for fetch: TokenFetch) async throws(TokenSourceError) -> TokenAnswer {
        diary.note("call")
        let (status, text) = try await answer(String(decoding: refreshToken.bytes, as: UTF8.self))
        return TokenAnswer(status: status, body: Secret(Array(text.utf8)))
    }

    /// `ACCESS REFRESH`, or an error's name.
    func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant {
        diary.note("read")
        let words = String(decoding: answer.body.bytes, as: UTF8.self).split(separator: " ").map(String.init)
        guard answer.status == 200 else { throw TokenSourceError(.refused(OAuthRefusal(error: words[0], status: answer.status))) }
        guard words.count == 2 else { throw TokenSourceError(.notUnderstood("two words were expected")) }
        return IssuedGrant(IssuedToken(words[0], lifetime: .lasting(.seconds(600))), refreshToken: Secret(Array(words[1].utf8)))
    }

    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        try issued(from: try await exchange(firstRefreshToken, for: fetch)).token
    }
}

extension IssuedToken {
    var text: String { String(decoding: value.bytes, as: UTF8.self) }
}

/// Numbers from 1 on.
final class Count: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
    var value: Int { count.withLock { $0 } }
}
