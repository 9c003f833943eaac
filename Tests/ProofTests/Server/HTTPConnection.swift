import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One HTTP/1.1 connection that stays where it is: a pool would hide which connection, and so which event loop, was asked.
struct HTTPConnection: Sendable {
    /// What came back.
    struct Response: Sendable {
        let status: Int
        let fields: HTTPHeaders
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let channel: any Channel

    /// Connects to this machine.
    ///
    /// - Parameter certificate: the PEM file of the one certificate that is believed; nil for plain HTTP.
    static func open(host: String = "127.0.0.1", port: Int, trusting certificate: String? = nil) async throws -> HTTPConnection {
        let secure = try certificate.map { file in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(file)
            return try NIOSSLContext(configuration: configuration)
        }
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let secure {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: secure, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: 16 << 20))
                    try channel.pipeline.syncOperations.addHandler(ExchangeHandler())
                }
            }
            .connect(host: host, port: port).get()
        return HTTPConnection(channel: channel)
    }

    /// Connects many times, which spreads over all event loops of the server.
    static func open(_ count: Int, port: Int) async throws -> [HTTPConnection] {
        var connections: [HTTPConnection] = []
        for _ in 0..<count { connections.append(try await open(port: port)) }
        return connections
    }

    /// Sends a request and waits for its answer. Several may be under way; they are answered in order.
    ///
    /// - Throws: when the connection ends before the answer does.
    func send(
        _ method: HTTPMethod, _ path: String, bearer: String? = nil, fields: [(String, String)] = [], body: String? = nil
    ) async throws -> Response {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: HTTPHeaders(fields))
        head.headers.add(name: "Host", value: "localhost")
        if let bearer { head.headers.add(name: "Authorization", value: "Bearer \(bearer)") }
        if let body {
            if !head.headers.contains(name: "Content-Type") { head.headers.add(name: "Content-Type", value: "application/json") }
            head.headers.add(name: "Content-Length", value: "\(body.utf8.count)")
        }
        let promise = channel.eventLoop.makePromise(of: Response.self)
        let exchange = Exchange(head: head, body: body.map { ByteBuffer(string: $0) }, promise: promise)
        channel.writeAndFlush(exchange).cascadeFailure(to: promise)
        return try await promise.futureResult.get()
    }

    func close() async { try? await channel.close().get() }
}

/// A request and who waits for its answer.
private struct Exchange: Sendable {
    let head: HTTPRequestHead
    let body: ByteBuffer?
    let promise: EventLoopPromise<HTTPConnection.Response>
}

/// Hands answers to those who wait, in the order of their requests, and fails them all when the connection ends.
private final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = NIOHTTPClientResponseFull
    typealias OutboundIn = Exchange
    typealias OutboundOut = HTTPClientRequestPart

    private var waiting = CircularBuffer<EventLoopPromise<HTTPConnection.Response>>()
    private var isOver = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        guard !isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        waiting.append(exchange.promise)
        context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
        if let body = exchange.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let response = unwrapInboundIn(data)
        guard let promise = waiting.popFirst() else { return context.close(promise: nil) }
        let body = response.body.map { Array($0.readableBytesView) } ?? []
        promise.succeed(.init(status: Int(response.head.status.code), fields: response.head.headers, body: body))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error)
        context.close(promise: nil)
    }

    private func end(_ error: any Error) {
        isOver = true
        while let promise = waiting.popFirst() { promise.fail(error) }
    }
}
