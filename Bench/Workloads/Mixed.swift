import NIOCore

/// What a service in use sees: half of the requests authenticate, a quarter each log in and refresh.
struct Mixed: Workload {
    let kinds = ["authenticate", "login", "refresh"]
    private(set) var authenticate: Authenticate
    private(set) var login: Login
    private(set) var refresh: Refresh
    private var turn = 0

    init(authenticate: Authenticate, login: Login, refresh: Refresh) {
        self.authenticate = authenticate
        self.login = login
        self.refresh = refresh
    }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        self.turn &+= 1
        switch self.turn % 4 {
        case 0, 2: return self.authenticate.next(for: connection, into: &buffer)
        case 1: return self.login.next(for: connection, into: &buffer).map { Ask(kind: 1, slot: $0.slot) }
        default: return self.refresh.next(for: connection, into: &buffer).map { Ask(kind: 2, slot: $0.slot) }
        }
    }

    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        switch ask.kind {
        case 0: self.authenticate.accept(status: status, body: body, to: ask)
        case 1: self.login.accept(status: status, body: body, to: ask)
        default: self.refresh.accept(status: status, body: body, to: ask)
        }
    }
}
