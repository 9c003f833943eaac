import NIOCore

/// Throws away what arrives after the last request of a connection: stands before the HTTP codec.
///
/// The codec would go on parsing it or, after CONNECT and `Upgrade`, keep it without bound for a protocol that we do not speak. And it must
/// be taken from the system, or the system throws our last answer away with it.
final class LastRequestGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let lane: FastLaneHandler

    init(before lane: FastLaneHandler) { self.lane = lane }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if lane.takesBytes() { context.fireChannelRead(data) }
    }
}
