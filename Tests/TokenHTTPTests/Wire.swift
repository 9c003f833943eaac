import NIOCore
import NIOPosix

/// A socket that says exactly what a test wants it to say, and hears exactly what the server says.
struct Wire: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Connects, runs `body`, closes.
    static func open<Value: Sendable>(
        _ port: Int, host: String = "127.0.0.1", _ body: @Sendable @escaping (inout Conversation) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var conversation = Conversation(incoming: inbound.makeAsyncIterator(), outgoing: outbound)
            return try await body(&conversation)
        }
    }

    /// The same over a Unix socket.
    static func open<Value: Sendable>(
        socket path: String, _ body: @Sendable @escaping (inout Conversation) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(unixDomainSocketPath: path) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            var conversation = Conversation(incoming: inbound.makeAsyncIterator(), outgoing: outbound)
            return try await body(&conversation)
        }
    }

    /// One request alone on its connection, which is closed after it.
    static func ask(_ port: Int, host: String = "127.0.0.1", _ text: String) async throws -> WireReply {
        try await open(port, host: host) { wire in
            try await wire.send(text)
            return try await wire.reply(toHead: text.hasPrefix("HEAD "))
        }
    }
}

/// Both directions of a connection.
struct Conversation {
    var incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var heard = ByteBuffer()

    init(incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.incoming = incoming
        self.outgoing = outgoing
    }

    func send(_ text: String) async throws { try await outgoing.write(ByteBuffer(string: text)) }
    func send(_ bytes: some Sequence<UInt8>) async throws { try await outgoing.write(ByteBuffer(bytes: bytes)) }
    /// Nothing more will be said.
    func finish() { outgoing.finish() }

    /// The next whole answer, interim ones too.
    mutating func reply(toHead: Bool = false) async throws -> WireReply {
        while true {
            if let (reply, length) = WireReply.parse(heard.readableBytesView, toHead: toHead) {
                heard.moveReaderIndex(forwardBy: length)
                return reply
            }
            guard try await hear() else { throw WireError.closed(String(buffer: heard)) }
        }
    }

    /// Everything up to the end.
    mutating func rest() async throws -> String {
        while try await hear() {}
        defer { heard.clear() }
        return String(buffer: heard)
    }

    private mutating func hear() async throws -> Bool {
        guard var part = try await incoming.next() else { return false }
        heard.writeBuffer(&part)
        return true
    }
}

enum WireError: Error { case closed(String) }

/// An answer as it came over the wire.
struct WireReply: Sendable, Hashable {
    let status: Int
    /// The status line and the fields, as they came.
    let head: String
    let body: String

    /// The value of a field; nil when it is missing.
    subscript(name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() { return String(parts[1].drop { $0 == " " }) }
        }
        return nil
    }

    /// Everything but the date, to compare answers with.
    var withoutDate: String {
        head.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("date:") }.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// A string member of a flat JSON body, found by its text.
    func member(_ name: String) -> String? {
        guard let start = body.firstRange(of: "\"\(name)\":\"") else { return nil }
        return body[start.upperBound...].firstIndex(of: "\"").map { String(body[start.upperBound..<$0]) }
    }

    static func parse(_ bytes: ByteBufferView, toHead: Bool) -> (WireReply, Int)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<end.lowerBound])
        let headLength = head.utf8.count + 4
        guard let status = Int(head.dropFirst(9).prefix(3)) else { return nil }
        let reply = WireReply(status: status, head: head, body: "")
        let length = toHead || status == 304 || status < 200 ? 0 : reply["Content-Length"].flatMap { Int($0) } ?? 0
        guard bytes.count >= headLength + length else { return nil }
        let body = String(decoding: bytes.dropFirst(headLength).prefix(length), as: UTF8.self)
        return (WireReply(status: status, head: head, body: body), headLength + length)
    }
}
