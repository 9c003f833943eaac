import NIOCore
import NIOPosix
import NIOSSL

/// The last handler of a channel: cuts bytes into replies and tells the connection what happens.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: ValkeyConnection
    private var decoder: RESPDecoder

    init(_ connection: ValkeyConnection, limits: RESPLimits) {
        self.connection = connection
        decoder = RESPDecoder(limits: limits)
    }

    func channelActive(context: ChannelHandlerContext) { connection.opened(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.append(unwrapInboundIn(data))
        var tokens: [RESPToken] = []
        var failure: RESPParsingError?
        do {
            while let token = try decoder.next() { tokens.append(token) }
        } catch {
            failure = error
        }
        if !tokens.isEmpty { connection.received(tokens) }
        guard let failure else { return }
        connection.close(.init(.respParsingError, execution: .unknown, message: "The server does not speak RESP: \(failure)."))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { connection.flush() }
    }

    func channelInactive(context: ChannelHandlerContext) { connection.failed(.closed(.unknown)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.explain(.connecting(to: connection.address, error))
        context.close(promise: nil)
    }
}

extension ValkeyClientError {
    /// What went wrong below RESP, in words for operators.
    static func connecting(to address: ValkeyServerAddress, _ error: any Error) -> Self {
        let sentence: String =
            switch error {
            case let error as IOError: "\(error)"
            case let error as NIOConnectionError:
                error.connectionErrors.first.map { "\($0.error)" } ?? (error.dnsAError ?? error.dnsAAAAError).map { "\($0)" } ?? "\(error)"
            case let error as ChannelError: "\(error)"
            case let error as NIOSSLError: "TLS: \(error)"
            case let error as BoringSSLError: "TLS: \(error)"
            default: "\(error)"
            }
        return Self(.connectionFailed, execution: .notExecuted, message: "No connection to \(address): \(sentence).")
    }
}
