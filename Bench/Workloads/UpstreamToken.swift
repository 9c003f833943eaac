import NIOCore

/// `GET /upstreams/{name}/token`, as a program on the same machine asks that has nothing to show.
struct UpstreamToken: Workload {
    let kinds = ["upstream token"]
    private let request: ByteBuffer
    private let token: [UInt8]

    /// - Parameter token: what every answer has to bring.
    init(of upstream: String, is token: String) {
        self.request = ByteBuffer(string: "GET /upstreams/\(upstream)/token HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.token = Array(token.utf8)
    }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        buffer.writeImmutableBuffer(self.request)
        return Ask(kind: 0)
    }

    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        guard status == 200, let found = ReplyField.find("access_token", in: body) else { return false }
        return found.elementsEqual(self.token)
    }
}
