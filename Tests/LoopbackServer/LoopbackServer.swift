import NIOCore
import NIOHTTP1
import NIOPosix
public import NIOSSL
import Synchronization

/// A server for tests on 127.0.0.1 and a free port: a function from request to answer.
public final class LoopbackServer: Sendable {
    /// What came.
    public struct Request: Sendable {
        public let method: String
        public let target: String
        /// Every value of each header, by its name in lower case.
        public let headers: [String: [String]]
        public let body: [UInt8]
    }

    /// What goes back.
    public struct Answer: Sendable {
        public var status: Int
        public var headers: [(String, String)]
        public var body: [UInt8]
        /// False: the head and the body are sent, and the end never is.
        public var ends: Bool

        public init(_ status: Int, _ body: String = "", headers: [(String, String)] = [], ends: Bool = true) {
            self.status = status
            self.headers = headers
            self.body = Array(body.utf8)
            self.ends = ends
        }
    }

    public let port: Int
    private let channel: any Channel
    private let seen: Mutex<[Request]>

    private init(channel: any Channel, port: Int, seen: consuming Mutex<[Request]>) {
        self.channel = channel
        self.port = port
        self.seen = seen
    }

    /// Every request so far, in the order of their arrival.
    public var requests: [Request] { seen.withLock { $0 } }

    /// Runs one for as long as the body does.
    ///
    /// - Parameters:
    ///   - answer: nil closes the connection without a word.
    ///   - tls: for `https`.
    public static func run<Result: Sendable>(
        _ answer: @escaping @Sendable (Request) -> Answer?, tls: NIOSSLContext? = nil, _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let relay = Relay()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { request in
                            relay.server.withLock { $0 }?.seen.withLock { $0.append(request) }
                            return answer(request)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = LoopbackServer(channel: channel, port: channel.localAddress?.port ?? 0, seen: Mutex([]))
        relay.server.withLock { $0 = server }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// The server, once it is bound, for connections that are made later.
    private final class Relay: Sendable {
        let server = Mutex<LoopbackServer?>(nil)
    }
}

/// Collects a request and writes its answer.
private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer?) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part): body += part.readableBytesView
        case .end:
            guard let head else { return }
            let values = Dictionary(grouping: head.headers, by: { $0.name.lowercased() }).mapValues { $0.map(\.value) }
            respond(to: .init(method: head.method.rawValue, target: head.uri, headers: values, body: body), context)
        }
    }

    private func respond(to request: LoopbackServer.Request, _ context: ChannelHandlerContext) {
        guard let answer = answer(request) else { return context.close(promise: nil) }
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
        for (name, value) in answer.headers { head.headers.add(name: name, value: value) }
        if answer.ends { head.headers.add(name: "Content-Length", value: "\(answer.body.count)") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        if answer.ends { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
