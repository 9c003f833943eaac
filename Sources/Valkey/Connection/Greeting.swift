import NIOCore

/// The first words on a connection: which RESP, who we are, which database. A value that neither reads nor writes.
///
/// HELLO settles the version and the user in one round trip. A server or a proxy that does not know it, or refuses it, gets AUTH and RESP 2.
struct Greeting {
    /// What is asked for.
    struct Wish: Sendable, Hashable {
        var authentication: ValkeyClientConfiguration.Authentication?
        var database = 0
        var clientName: String?
        /// False: HELLO is not tried.
        var triesRESP3 = true
    }

    /// The versions of the protocol.
    enum Version: Int, Sendable, Hashable { case resp2 = 2, resp3 = 3 }

    private enum Step { case hello, auth, select, done }

    /// What to do next.
    enum Action: Equatable {
        case send(ByteBuffer)
        case ready(Version)
        case fail(ValkeyClientError.ErrorCode, String)
    }

    private let wish: Wish
    private var step = Step.hello
    private var version = Version.resp3

    init(_ wish: Wish) { self.wish = wish }

    /// The connection is open.
    mutating func start() -> Action { wish.triesRESP3 ? send(.hello) : fallBack() }

    /// The reply to what was sent last.
    mutating func received(_ reply: RESPToken) -> Action {
        guard let text = reply.errorString.map(String.init(buffer:)) else { return advance() }
        switch step {
        case .hello where Self.isRefusalOfHello(text): return fallBack()
        case _ where Self.isPassing(text): return .fail(.connectionFailed, text)
        case .hello, .auth: return .fail(Self.isAboutUser(text) ? .authenticationFailed : .greetingRefused, text)
        case .select, .done: return .fail(.greetingRefused, text)
        }
    }

    /// `ERR unknown command` where it is renamed or older than HELLO, `NOPROTO` and `NOPERM` from what stands between.
    private static func isRefusalOfHello(_ text: String) -> Bool {
        text.hasPrefix("NOPERM") || text.hasPrefix("NOPROTO") || text.hasPrefix("ERR unknown command")
    }

    /// The server is busy with itself, or with too many others.
    private static func isPassing(_ text: String) -> Bool {
        ["LOADING", "BUSY", "MASTERDOWN", "ERR max number of clients"].contains(where: text.hasPrefix)
    }

    private static func isAboutUser(_ text: String) -> Bool {
        ["WRONGPASS", "NOAUTH", "ERR AUTH", "ERR Client sent AUTH", "ERR invalid password", "NOPERM"].contains(where: text.hasPrefix)
    }

    private mutating func fallBack() -> Action {
        version = .resp2
        return wish.authentication == nil ? afterUser() : send(.auth)
    }

    private mutating func advance() -> Action {
        switch step {
        case .hello, .auth: return afterUser()
        case .select, .done:
            step = .done
            return .ready(version)
        }
    }

    private mutating func afterUser() -> Action {
        guard wish.database == 0 else { return send(.select) }
        step = .done
        return .ready(version)
    }

    private mutating func send(_ next: Step) -> Action {
        step = next
        var encoder = ValkeyCommandEncoder()
        switch next {
        case .hello:
            let user = wish.authentication.map { ["AUTH", $0.username, $0.password] }
            encoder.encodeArray("HELLO", "3", user, wish.clientName.map { ["SETNAME", $0] })
        case .auth: encoder.encodeArray("AUTH", wish.authentication.map { [$0.username, $0.password] })
        case .select: encoder.encodeArray("SELECT", String(wish.database))
        case .done: break
        }
        return .send(encoder.buffer)
    }
}
