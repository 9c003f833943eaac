import NIOCore

extension ValkeySubscription.Kind {
    /// What the server confirms with.
    var confirmation: PushKind {
        switch self {
        case .channels: .subscribe
        case .patterns: .psubscribe
        case .shardChannels: .ssubscribe
        }
    }
}

extension CommandTarget {
    /// Channels in groups that may stand in one command, with the node that serves them.
    typealias Places = [(node: ValkeyNode, groups: [[ValkeyKey]])]

    /// Subscribes on connections of its own, and runs the body once all is confirmed.
    ///
    /// - Parameter places: called anew for each try, with whether it is the first.
    func subscribe<Value>(
        _ kind: ValkeySubscription.Kind, process: (ValkeySubscription) async throws -> Value,
        places: (Bool) async throws(ValkeyClientError) -> Places
    ) async throws -> Value {
        let deadline = NIODeadline.now() + TimeAmount(configuration.commandTimeout)
        let (feed, connections) = try await open(kind, deadline, places)
        defer { for connection in connections { connection.close(.closed(.replied, "The subscription is over.")) } }
        return try await process(ValkeySubscription(feed: feed))
    }

    private func open(
        _ kind: ValkeySubscription.Kind, _ deadline: NIODeadline, _ places: (Bool) async throws(ValkeyClientError) -> Places
    ) async throws(ValkeyClientError) -> (SubscriptionFeed, [ValkeyConnection]) {
        var failures = 0
        while true {
            let feed = SubscriptionFeed(most: configuration.subscriptionBuffer)
            var connections: [ValkeyConnection] = []
            do throws(ValkeyClientError) {
                for (node, groups) in try await places(failures == 0) {
                    let connection = node.factory.make(node.address, listener: .init(push: feed.received, closed: feed.fail))
                    connections.append(connection)
                    node.factory.open(connection)
                    for group in groups { try await connection.subscribe(kind.confirmation, group, deadline) }
                }
                return (feed, connections)
            } catch {
                for connection in connections { connection.close(error) }
                failures += 1
                guard error.isWorthAnotherSubscription, await pause(failures, deadline) else { throw error }
            }
        }
    }
}

extension ValkeyConnection {
    fileprivate func subscribe(_ kind: PushKind, _ channels: [ValkeyKey], _ deadline: NIODeadline) async throws(ValkeyClientError) {
        var encoder = ValkeyCommandEncoder()
        encoder.encodeArray(kind.rawValue.uppercased(), channels)
        let parcel = Parcel(bytes: encoder.buffer, replies: channels.count, confirmation: kind)
        let replies = try await send(parcel, deadline: deadline).get()
        guard let text = replies.lazy.compactMap(\.errorString).first.map(String.init(buffer:)) else { return }
        throw ValkeyClientError(.commandError, execution: .replied, message: text)
    }
}

extension ValkeyClientError {
    /// A subscription changes nothing, so whatever passes by itself may be tried again.
    fileprivate var isWorthAnotherSubscription: Bool {
        switch errorCode {
        case .connectionFailed, .connectionClosed, .clusterError: true
        case .commandError: ReplyVerdict(message) != .final
        default: false
        }
    }
}
