import NIOCore

/// `GET /authenticate` with one token after the other.
struct Authenticate: Workload {
    let kinds = ["authenticate"]
    private let tokens: TokenTable
    private let once: Bool
    private var upNext = 0

    /// - Parameters:
    ///   - tokens: at least one.
    ///   - once: stop after the last one (so that each is new to the server) instead of beginning again.
    init(_ tokens: TokenTable, once: Bool = false) {
        self.tokens = tokens
        self.once = once
    }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        if self.upNext == self.tokens.count {
            guard !self.once, self.tokens.count > 0 else { return nil }
            self.upNext = 0
        }
        Messages.authenticate(self.tokens, self.upNext, into: &buffer)
        self.upNext += 1
        return Ask(kind: 0)
    }

    /// The claims come back as an object that names its subject; a 200 without them is not an answer.
    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        status == 200 && body.count > 2 && body[0] == UInt8(ascii: "{")
    }
}
