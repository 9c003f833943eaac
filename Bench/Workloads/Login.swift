import NIOCore

/// `POST /login` of one subject after the other; keeps what a later run needs.
struct Login: Workload {
    let kinds = ["login"]
    /// Access tokens that were kept.
    private(set) var access = TokenTable(longest: TokenTable.longestAccess)
    /// Refresh tokens that were kept, each of the same session as the access token with its index.
    private(set) var refresh = TokenTable(longest: TokenTable.longestRefresh)
    private var user: Int
    private let keepEvery: Int
    private let perSubject: Int
    /// Logins that the current subject still has to come.
    private var left: Int
    private var answers = 0

    /// - Parameters:
    ///   - user: number of the first subject; the following ones count up.
    ///   - perSubject: how many times in a row each logs in.
    ///   - keepEvery: keep the tokens of every so many sessions, evenly spread; 0 keeps none.
    init(from user: Int, perSubject: Int = 1, keepEvery: Int = 0) {
        self.user = user
        self.perSubject = perSubject
        self.left = perSubject
        self.keepEvery = keepEvery
    }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        Messages.login(user: self.user, into: &buffer)
        self.left -= 1
        if self.left == 0 {
            self.user += 1
            self.left = self.perSubject
        }
        return Ask(kind: 0)
    }

    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        guard status == 200 else { return false }
        self.answers += 1
        guard self.keepEvery > 0, self.answers % self.keepEvery == 0 else { return true }
        guard let access = ReplyField.find("access", in: body), let refresh = ReplyField.find("refresh", in: body) else {
            return false
        }
        return self.access.append(access) && self.refresh.append(refresh)
    }
}
