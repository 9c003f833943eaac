import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// A connection with TLS: the certificate that is current when it begins, then HTTP/2 or HTTP/1 as ALPN decides (RFC 7301).
struct SecureChannel: ServerChildChannel {
    /// What came of the negotiation.
    enum Negotiated: Sendable {
        case http1(HTTP1Channel.Value)
        case http2(HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let negotiated: EventLoopFuture<Negotiated>
    }

    let http1: HTTP1Channel
    let http2: HTTP2Channel
    let certificate: ServerCertificate

    init(http1: HTTP1Channel, certificate: ServerCertificate) {
        self.http1 = http1
        self.certificate = certificate
        let limits = http1.limits
        http2 = HTTP2Channel(
            responder: http1.responder,
            configuration: .init(
                idleTimeout: .nanoseconds(limits.idleTimeout.nanoseconds), gracefulCloseTimeout: .nanoseconds(limits.requestTimeout.nanoseconds),
                streamConfiguration: .init(idleTimeout: limits.requestTimeout)))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { result in
                switch result {
                case .negotiated("h2"): http2.setup(channel: channel, logger: logger).map { .http2($0) }
                default: http1.setup(channel: channel, logger: logger).map { .http1($0) }
                }
            }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificate.context))
            try channel.pipeline.syncOperations.addHandler(negotiation)
            // Until the handshake is done nobody else times the connection, nor closes it when the server ends.
            let deadline = channel.eventLoop.scheduleTask(in: http1.limits.handshake) { channel.close(promise: nil) }
            negotiation.protocolNegotiationResult.whenComplete { _ in deadline.cancel() }
            return Value(channel: channel, negotiated: negotiation.protocolNegotiationResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // A handshake that fails has closed the connection already; there is nobody to tell.
        guard let negotiated = try? await value.negotiated.get() else { return }
        switch negotiated {
        case .http1(let channel): await http1.handle(value: channel, logger: logger)
        case .http2(let channel): await http2.handle(value: channel, logger: logger)
        }
    }
}
