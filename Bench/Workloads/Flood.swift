import NIOCore

/// The first connection sends tokens with a good header, good claims and a made-up signature, as fast as it can and with
/// many unanswered at once; the others authenticate as ever.
struct Flood: Workload {
    let kinds = ["authenticate", "forged"]
    /// Forged requests that are unanswered at once. One would only be a slow client; with more than the server is willing
    /// to check for one connection it has to show what it does then.
    private static let forgedAtOnce = 16

    private var authenticate: Authenticate
    private var forgery: Forgery

    /// - Parameter tokens: genuine ones; the first is also the pattern of the forged ones.
    init(_ tokens: TokenTable) {
        self.authenticate = Authenticate(tokens)
        self.forgery = Forgery(of: tokens[0])
    }

    func depth(of connection: Int) -> Int {
        connection == 0 ? Self.forgedAtOnce : 1
    }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        guard connection == 0 else { return self.authenticate.next(for: connection, into: &buffer) }
        self.forgery.advance()
        buffer.writeStaticString("GET /authenticate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
        buffer.writeBytes(self.forgery.token)
        buffer.writeStaticString("\r\n\r\n")
        return Ask(kind: 1)
    }

    /// A forged token is refused, or the flood is: 429 and 503 say "not now".
    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        ask.kind == 0
            ? self.authenticate.accept(status: status, body: body, to: ask) : [401, 429, 503].contains(status)
    }
}

/// Tokens that differ from a genuine one, and from each other, in eight characters in the middle of the signature. That
/// keeps its length and its base64url valid, so that only the signature check itself can find out.
private struct Forgery {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private(set) var token: [UInt8]
    private let place: Int
    private var number: UInt64

    init(of token: [UInt8]) {
        self.token = token
        let signature = (token.lastIndex(of: UInt8(ascii: ".")) ?? 0) + 1
        self.place = signature + (token.count - signature) / 2
        self.number = UInt64(token.count) &* 0x9E37_79B9_7F4A_7C15
    }

    mutating func advance() {
        self.number &+= 0x9E37_79B9_7F4A_7C15
        for offset in 0..<8 {
            self.token[self.place + offset] = Self.alphabet[Int(self.number >> UInt64(8 + 6 * offset)) & 63]
        }
    }
}
