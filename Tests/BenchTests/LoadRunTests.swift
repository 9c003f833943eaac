import NIOCore
import NIOPosix
import Testing

@testable import mintmark_bench

/// The driver against servers that behave in known ways. They answer each read with one reply, whatever was read: with one
/// request at a time on a connection that is HTTP enough.
@Suite struct LoadRunTests {
    private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    /// Runs the driver against a server of its own, whose connections get a handler from `make`.
    private func drive(
        _ plan: (inout LoadPlan) -> Void, server make: @escaping @Sendable () -> Answering
    ) async throws -> LoadResult<Hello> {
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(make()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var settings = LoadPlan(ports: [listener.localAddress?.port ?? 0], duration: .milliseconds(300))
        settings.connections = 4
        plan(&settings)
        let result = try await LoadRun.run(Hello(), plan: settings, on: group.next())
        try await listener.close()
        return result
    }

    @Test func aClosedLoopCountsEveryAnswerOnceAndStopsAtItsLimit() async throws {
        let result = try await self.drive({
            $0.limit = 1000; $0.duration = .seconds(60)
        }) { Answering(Self.hello) }
        #expect(result.all.count == 1000)
        #expect(result.failures.isEmpty)
        #expect(result.perSecond > 0)
    }

    @Test func aClosedLoopEndsWithItsTime() async throws {
        let result = try await self.drive({ _ in }) { Answering(Self.hello) }
        #expect(result.elapsed >= 290_000_000 && result.elapsed < 5_000_000_000)
        #expect(result.all.count > 0)
    }

    @Test func aFixedRateSendsAsManyAsItSays() async throws {
        let result = try await self.drive({ $0.pace = .fixed(perSecond: 500) }) { Answering(Self.hello) }
        #expect(result.all.count == 150)
        #expect(result.failures.isEmpty)
    }

    /// One connection, 100 requests per second, and a stall of 300 ms at the first: the requests that were due meanwhile
    /// waited too. A driver with coordinated omission would report one slow request.
    @Test func aStallIsChargedToEveryRequestItDelayed() async throws {
        let plan = { (plan: inout LoadPlan) in
            plan.connections = 1
            plan.pace = .fixed(perSecond: 100)
            plan.duration = .milliseconds(600)
        }
        let result = try await self.drive(plan) { Answering(Self.hello, firstAfter: .milliseconds(300)) }
        #expect(result.all.count == 60)
        #expect(result.all.quantile(0.99) > 250_000_000)
        #expect(result.all.quantile(0.75) > 100_000_000, "a third of the requests fell into the stall")
    }

    @Test func wrongAnswersAreCountedByStatusAndNotAsLatency() async throws {
        let result = try await self.drive({
            $0.limit = 10; $0.duration = .seconds(60)
        }) { Answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") }
        #expect(result.failures == ["hello: status 500": 10])
        #expect(result.all.count == 0)
    }

    @Test func aServerThatHangsUpIsAFailureAndTheRunStillEnds() async throws {
        let result = try await self.drive({ $0.duration = .seconds(60) }) { Answering(nil) }
        #expect(result.failures == ["connection closed by the server": 4])
    }

    @Test func repliesInPiecesAreReplies() async throws {
        let result = try await self.drive({
            $0.limit = 20; $0.duration = .seconds(60)
        }) { Answering(Self.hello, inPieces: true) }
        #expect(result.all.count == 20)
        #expect(result.failures.isEmpty)
    }
}

/// Answers every read with the same bytes, or with the end of the connection.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let reply: String?
    private var delay: TimeAmount
    private let inPieces: Bool

    init(_ reply: String?, firstAfter delay: TimeAmount = .zero, inPieces: Bool = false) {
        self.reply = reply
        self.delay = delay
        self.inPieces = inPieces
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let reply else { return context.close(promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: self.delay) { [inPieces] in
            let bytes = Array(reply.utf8)
            for piece in inPieces ? bytes.map({ [$0] }) : [bytes] {
                bound.value.writeAndFlush(NIOAny(ByteBuffer(bytes: piece)), promise: nil)
            }
        }
        self.delay = .zero
    }
}
