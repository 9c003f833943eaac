import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// A connection of the public listener without a socket: its handlers are the server's own, and each piece that is sent is one read.
struct PieceWire {
    private let channel: NIOAsyncTestingChannel
    private var answers: AsyncStream<ByteBuffer>.AsyncIterator
    private var heard = ByteBuffer()

    /// Opens a connection to the public endpoints of an engine, runs `body`, closes.
    ///
    /// - Parameter fault: stands between the codec and the lane, to be noticed.
    static func open(
        _ server: Harness, fault: (@Sendable () -> any ChannelHandler)? = nil, _ body: (inout PieceWire) async throws -> Void
    ) async throws {
        let loop = NIOAsyncTestingEventLoop(), channel = NIOAsyncTestingChannel(loop: loop)
        let loops = try await EventLoops(group: loop, engine: server.engine, clock: server.engine.clock, limits: Limits(), leeway: .seconds(5))
        defer { loops.stop() }
        let http1 = try http1(server, loops)
        let (answers, hears) = AsyncStream.makeStream(of: ByteBuffer.self)
        let peer = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        channel.remoteAddress = peer
        try await channel.connect(to: peer).get()
        let value = try await loop.flatSubmit { () -> EventLoopFuture<HTTP1Channel.Value> in
            do { try channel.pipeline.syncOperations.addHandler(Ear(hears)) } catch { return loop.makeFailedFuture(error) }
            return http1.setup(channel: channel, logger: quiet)
        }.get()
        try await loop.executeInContext {
            guard let fault else { return }
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(fault(), position: .before(try pipeline.handler(type: FastLaneHandler.self)))
        }
        let serving = Task { await http1.handle(value: value, logger: quiet) }
        var wire = PieceWire(channel: channel, answers: answers.makeAsyncIterator())
        let result: Result<Void, any Error>
        do { result = .success(try await body(&wire)) } catch { result = .failure(error) }
        try? await channel.close().get()
        await serving.value
        try result.get()
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func http1(_ server: Harness, _ loops: EventLoops) throws -> HTTP1Channel {
        let configuration = TokenServer.Configuration(adminToken: Secret(Array(Harness.adminToken.utf8)))
        let rooms = try Rooms(configuration: configuration, engine: server.engine, keys: server.keys, loops: loops, sources: [], pools: nil)
        let responder = Responder(
            routes: rooms.publicRoutes, limits: Limits(), metrics: rooms.metrics, clock: server.clock, logger: quiet, trustedProxies: [])
        return HTTP1Channel(
            shortRequests: responder, responder: { request, writer, channel in try await responder.respond(to: request, writer, channel) },
            loops: loops, limits: Limits(), isSecure: false, isFast: true)
    }

    /// One read of the server's.
    func send(_ piece: some Sequence<UInt8>) async throws { try await channel.writeInbound(ByteBuffer(bytes: piece)) }

    /// The next whole answer.
    mutating func reply(toHead: Bool = false) async throws -> WireReply {
        while true {
            if let (reply, length) = WireReply.parse(heard.readableBytesView, toHead: toHead) {
                heard.moveReaderIndex(forwardBy: length)
                heard.discardReadBytes()
                return reply
            }
            guard var part = await answers.next() else { throw WireError.closed(String(buffer: heard)) }
            heard.writeBuffer(&part)
        }
    }
}

/// Where the socket would be: tells what is written.
private final class Ear: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    private let hears: AsyncStream<ByteBuffer>.Continuation

    init(_ hears: AsyncStream<ByteBuffer>.Continuation) { self.hears = hears }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let bytes) = unwrapOutboundIn(data) { hears.yield(bytes) }
        promise?.succeed()
    }

    func handlerRemoved(context: ChannelHandlerContext) { hears.finish() }
}
