import NIOCore
import NIOPosix
import Synchronization

/// A name server on loopback that knows one name, whose addresses change: what a container engine is for a scaled service.
final class NameServer: Sendable {
    /// The name that it knows. Every name is this one: nobody else asks.
    static let name = "mintmark.test"

    let port: Int
    private let channel: any Channel
    private let addresses: Addresses

    /// Guards the list for one look.
    fileprivate final class Addresses: Sendable {
        let list = Mutex<[[UInt8]]>([])
    }

    private init(channel: any Channel, addresses: Addresses) {
        self.channel = channel
        self.addresses = addresses
        port = channel.localAddress?.port ?? 0
    }

    /// Runs one for as long as the body does; at first the name has no address.
    static func use<T>(_ body: (NameServer) async throws -> T) async throws -> T {
        let addresses = Addresses()
        let channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answering(addresses)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = NameServer(channel: channel, addresses: addresses)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// What the name stands for from now on, such as `127.0.0.2`.
    func resolve(to hosts: [String]) {
        addresses.list.withLock { $0 = hosts.map { $0.split(separator: ".").compactMap { UInt8($0) } } }
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>
        private let addresses: Addresses

        init(_ addresses: Addresses) { self.addresses = addresses }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            guard let answer = Message.answer(Array(envelope.data.readableBytesView), addresses.list.withLock { $0 }) else { return }
            let reply = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
            context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
        }
    }

    /// The messages of RFC 1035 section 4, as far as one question needs them.
    private enum Message {
        private static let head = 12

        /// The question, repeated, and the addresses, if those of version 4 (type A) were asked for; nil for what is no question.
        static func answer(_ query: [UInt8], _ addresses: [[UInt8]]) -> [UInt8]? {
            guard query.count > head, let end = query[head...].firstIndex(of: 0), query.count >= end + 5 else { return nil }
            let question = query[head..<(end + 5)]
            let isAddress = query[end + 1] == 0 && query[end + 2] == 1
            let records = isAddress ? addresses : []
            // A response that is recursive, with one question and so many answers.
            let counts: [UInt8] = [0x81, 0x80, 0, 1, 0, UInt8(clamping: records.count), 0, 0, 0, 0]
            // A pointer to the name of the question, type A, class IN, one second to live, four bytes.
            let record: [UInt8] = [0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]
            return query[..<2] + counts + question + records.flatMap { record + $0 }
        }
    }
}
