import Testing
import TokenCore
import TokenEngine

/// With `auto_logout` a session that is used lives on, and one that is not ends in time: never before 1.0 of it, and at the latest after 1.05, or a
/// minute late where that is more.
@Suite struct AutoLogoutTests {
    /// What counts as using a session.
    enum Use: CaseIterable {
        case refresh
        /// With a token that the event loop knows, more often than is recorded.
        case authenticateOften
        /// With a token that nobody has shown before.
        case authenticateOnce
    }

    @Test(arguments: [300, 1_199, 1_201, 3_600] as [Int64], Use.allCases)
    func aSessionEndsBetweenAutoLogoutAndAnIntervalLater(_ seconds: Int64, _ use: Use) async throws {
        let autoLogout = Duration.seconds(seconds), late = max(.seconds(60), autoLogout / 20)
        try await Harness.run(policy: SessionPolicy(autoLogout: autoLogout)) { server in
            var early = try await Visitor(server, user: 1), tardy = try await Visitor(server, user: 2)
            if use == .authenticateOften { try await early.authenticate(times: 2, and: tardy) }
            // The last use is the one that is not recorded, because the one before it was, just inside an interval.
            for pause in use == .authenticateOnce ? [late] : [late, late - .seconds(1)] {
                server.clock.advance(by: pause)
                if use == .refresh {
                    #expect(try await early.refresh())
                    #expect(try await tardy.refresh())
                } else {
                    try await early.authenticate(times: 1, and: tardy)
                }
                try await server.keep()
            }
            server.clock.advance(by: autoLogout)
            try await server.keep()
            #expect(try await early.refresh(), "not before its time")
            server.clock.advance(by: late)
            try await server.keep()
            #expect(try await tardy.refresh() == false, "not long after its time")
        }
    }
}

/// Somebody with a session.
private struct Visitor {
    private let server: Harness
    private var access: String
    private var token: String

    init(_ server: Harness, user: Int) async throws {
        self.server = server
        let login = try await server.login(#"{"user_id":\#(user)}"#)
        (access, token) = (login.access, login.refresh)
    }

    /// Shows both access tokens, again and again on connections of their own.
    func authenticate(times: Int, and other: Visitor) async throws {
        for visitor in [self, other] {
            for _ in 0..<times {
                let status = try await server.ask("GET", "/authenticate", [Harness.bearer(visitor.access)]).status
                #expect(status == 200)
            }
        }
    }

    /// Whether the session lives; then it has another pair.
    mutating func refresh() async throws -> Bool {
        let reply = try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(token)"}"#)
        guard let access = reply.member("access"), let token = reply.member("refresh") else { return false }
        (self.access, self.token) = (access, token)
        return true
    }
}
