public import NIOCore
import Synchronization

/// One message of a channel.
public struct ValkeySubscriptionMessage: Sendable, Hashable {
    /// Where it was published.
    public let channel: String
    /// Any bytes.
    public let message: ByteBuffer
}

/// The messages of one subscription, in the order in which the server sent them.
///
/// It ends when the reading task is cancelled, and throws where messages may be missing: the connection broke, the slot of a channel moved, or too
/// many messages waited to be read. One reader at a time.
public struct ValkeySubscription: AsyncSequence, Sendable {
    /// One message.
    public typealias Element = ValkeySubscriptionMessage
    /// Why it ends.
    public typealias Failure = ValkeyClientError

    /// What is subscribed to.
    public enum Kind: Sendable, Hashable {
        /// Channels, by name.
        case channels
        /// Channels, by pattern.
        case patterns
        /// Sharded channels, by name.
        case shardChannels
    }

    let feed: SubscriptionFeed

    /// Reads one message after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncStream<ValkeySubscriptionMessage>.Iterator
        let feed: SubscriptionFeed

        /// The next message; nil: the task was cancelled.
        public mutating func next() async throws(ValkeyClientError) -> ValkeySubscriptionMessage? {
            try await next(isolation: nil)
        }

        /// The next message; nil: the task was cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ValkeyClientError) -> ValkeySubscriptionMessage? {
            if let message = await base.next(isolation: actor) { return message }
            if let failure = feed.failure { throw failure }
            return nil
        }
    }

    /// Goes on where the last reader stopped.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: feed.stream.makeAsyncIterator(), feed: feed) }
}

/// What connections put messages into, and a subscription takes them from.
final class SubscriptionFeed: Sendable {
    let stream: AsyncStream<ValkeySubscriptionMessage>
    private let continuation: AsyncStream<ValkeySubscriptionMessage>.Continuation
    private let end = Mutex<ValkeyClientError?>(nil)

    /// - Parameter most: messages that may wait to be read.
    init(most: Int) { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(most)) }

    /// Why it ended, if it did.
    var failure: ValkeyClientError? { end.withLock { $0 } }

    /// A push arrived.
    func received(_ token: RESPToken) {
        guard let kind = PushKind(token, allowsArrays: true), let parts = token.elements.map(Array.init) else { return }
        switch kind {
        case .message where parts.count == 3, .smessage where parts.count == 3: deliver(parts[1], parts[2])
        case .pmessage where parts.count == 4: deliver(parts[2], parts[3])
        case .sunsubscribe, .unsubscribe, .punsubscribe: fail("The server ended the subscription.")
        default: break
        }
    }

    private func deliver(_ channel: RESPToken, _ message: RESPToken) {
        guard let channel = channel.string, let message = message.string else { return }
        if case .dropped = continuation.yield(.init(channel: String(buffer: channel), message: message)) {
            fail("Messages came faster than they were read.")
        }
    }

    private func fail(_ sentence: String) { fail(.init(.subscriptionError, execution: .replied, message: sentence)) }

    /// Nothing more comes.
    func fail(_ error: ValkeyClientError) {
        end.withLock { $0 = $0 ?? error }
        continuation.finish()
    }
}
