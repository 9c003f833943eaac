import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection of HTTP/1: the gate, the codec with its limits, the fast lane, then Hummingbird's way of serving the rest.
///
/// There is no idle handler and no pipelining helper of others in it: the fast lane sees every request and every answer, so it does both.
struct HTTP1Channel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// Answers what is read whole.
    let shortRequests: Responder
    /// Answers what is read as a stream.
    let responder: HTTPChannelHandler.Responder
    let loops: EventLoops
    let limits: Limits
    /// Whether TLS is beneath.
    let isSecure: Bool
    /// Whether the event loop answers what it can: on the public listener.
    let isFast: Bool

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            guard let state = loops.state(on: channel.eventLoop) else { throw EventLoopError.shutdown }
            let pipeline = channel.pipeline.syncOperations
            let lane = FastLaneHandler(state: state, limits: limits, responder: shortRequests, answers: isFast)
            try pipeline.addHandler(LastRequestGate(before: lane))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits.decoder)
            try pipeline.addHandler(lane)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
            return try NIOAsyncChannel(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}

extension Limits {
    fileprivate var decoder: NIOHTTPDecoderLimitConfiguration {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = headerFieldBytes
        decoder.maxHeaderListSize = headerBytes
        decoder.maxHeaderFieldCount = headerFields
        return decoder
    }
}
