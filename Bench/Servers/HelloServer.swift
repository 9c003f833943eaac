import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix

/// The baseline: HTTP as SwiftNIO ships it, and a handler that does nothing but answer `hello`. Run as a process of its
/// own, so that it is measured exactly as the server it is compared with.
struct HelloServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hello", abstract: "The bare NIOHTTP1 server that the others are compared with.")

    @Option(help: "Port on 127.0.0.1; 0 takes a free one.")
    var port = 0

    @Option(help: "Number of event loops.")
    var loops = Machine.cores

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: self.loops)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(HelloHandler())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: "127.0.0.1", port: self.port)
            .get()
        print("{\"public\":\"127.0.0.1:\(listener.localAddress?.port ?? 0)\"}")
        flushOutput()
        try await self.untilAlone()
        try await group.shutdownGracefully()
    }

    /// Returns when the process that started this one is gone, so that a benchmark that was killed leaves nothing behind.
    private func untilAlone() async throws {
        let parent = Machine.parent
        while Machine.parent == parent { try await Task.sleep(for: .seconds(1)) }
    }
}

/// Answers every request with the same five bytes.
private final class HelloHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let body = ByteBuffer(string: "hello")
    private static let head = HTTPResponseHead(
        version: .http1_1, status: .ok, headers: ["content-length": "5", "content-type": "text/plain"])

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = self.unwrapInboundIn(data) else { return }
        context.write(self.wrapOutboundOut(.head(Self.head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(Self.body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
