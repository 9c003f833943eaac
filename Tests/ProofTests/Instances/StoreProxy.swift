import NIOCore
import NIOPosix
import Synchronization

/// The way from one instance to its store, which a proof can cut, hold, slow down, lead elsewhere or falsify.
final class StoreProxy: Sendable {
    /// Bytes that are put in place of others of the same length on the way to the store.
    struct Forgery: Sendable {
        let original, replacement: [UInt8]

        init(_ original: String, _ replacement: String) {
            (self.original, self.replacement) = (Array(original.utf8), Array(replacement.utf8))
            precondition(self.original.count == self.replacement.count, "lengths are told ahead of the bytes")
        }
    }

    private struct State {
        var target: Int
        var isCut = false
        var isHeld = false
        var delay = Duration.zero
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    /// Where the instance finds the store.
    let port: Int
    private let forgeries: [Forgery]
    /// Guards all of it for one look or one change.
    private let state: Mutex<State>
    private let listener: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>
    private let work = Mutex<Task<Void, Never>?>(nil)

    /// Listens on a free port, until `stop`.
    static func start(to target: Int, forgeries: [Forgery] = []) async throws -> StoreProxy {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
            }
        let proxy = StoreProxy(target, listener, forgeries)
        proxy.work.withLock { $0 = Task { try? await proxy.run() } }
        return proxy
    }

    private init(_ target: Int, _ listener: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>, _ forgeries: [Forgery]) {
        state = Mutex(State(target: target))
        self.listener = listener
        self.forgeries = forgeries
        port = listener.channel.localAddress?.port ?? 0
    }

    /// Breaks every connection and refuses new ones, until `mend`.
    func cut() { breakAll { $0.isCut = true } }

    /// Keeps every connection and lets no byte through, until `mend`: what a lost network looks like.
    func hold() { state.withLock { $0.isHeld = true } }

    /// Everything goes through again.
    func mend() {
        state.withLock { state in
            state.isCut = false
            state.isHeld = false
            state.delay = .zero
        }
    }

    /// Each piece of bytes takes so much longer, in each direction.
    func slow(by delay: Duration) { state.withLock { $0.delay = delay } }

    /// Breaks every connection; new ones lead to another server.
    func lead(to target: Int) { breakAll { $0.target = target } }

    func stop() {
        breakAll { $0.isCut = true }
        work.withLock { $0?.cancel() }
    }

    private func breakAll(_ change: (inout State) -> Void) {
        let open = state.withLock { state in
            change(&state)
            return state.open.values
        }
        for channel in open { channel.close(promise: nil) }
    }
}

extension StoreProxy {
    private func run() async throws {
        try await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections { group.addTask { try? await self.carry(connection) } }
            }
        }
    }

    /// Carries one connection until either end closes it.
    private func carry(_ instance: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await instance.executeThenClose { requests, replies in
            guard let target = state.withLock({ $0.isCut ? nil : $0.target }) else { return }
            let store = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: "127.0.0.1", port: target) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
                }
            try await store.executeThenClose { answers, questions in
                guard note(instance.channel, store.channel) else { return }
                defer { forget(instance.channel, store.channel) }
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await self.pass(requests, to: questions, ForgingStream(self.forgeries)) }
                    group.addTask { try? await self.pass(answers, to: replies, ForgingStream([])) }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func pass(
        _ source: NIOAsyncChannelInboundStream<ByteBuffer>, to sink: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ forging: ForgingStream
    ) async throws {
        var forging = forging
        for try await bytes in source {
            try await Task.sleep(for: state.withLock { $0.delay })
            while state.withLock({ $0.isHeld }) { try await Task.sleep(for: .milliseconds(1)) }
            try await sink.write(forging.pass(bytes))
        }
    }

    /// Notes both ends of a connection.
    ///
    /// - Returns: false when everything was cut meanwhile.
    private func note(_ channels: any Channel...) -> Bool {
        state.withLock { state in
            guard !state.isCut else { return false }
            for channel in channels { state.open[ObjectIdentifier(channel)] = channel }
            return true
        }
    }

    private func forget(_ channels: any Channel...) {
        state.withLock { state in
            for channel in channels { state.open[ObjectIdentifier(channel)] = nil }
        }
    }
}

/// Bytes on their way to the store: what may be the beginning of something to be replaced waits for the rest of it.
private struct ForgingStream {
    private let forgeries: [StoreProxy.Forgery]
    private var pending: [UInt8] = []

    init(_ forgeries: [StoreProxy.Forgery]) { self.forgeries = forgeries }

    mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        if forgeries.isEmpty { return bytes }
        pending += bytes.readableBytesView
        for forgery in forgeries { pending.replace(forgery.original, with: forgery.replacement) }
        let kept = forgeries.map { beginning(of: $0.original) }.max() ?? 0
        defer { pending = pending.suffix(kept) }
        return ByteBuffer(bytes: pending.dropLast(kept))
    }

    /// How many of the last bytes may begin it.
    private func beginning(of original: [UInt8]) -> Int {
        (1..<original.count).reversed().first { pending.count >= $0 && pending.suffix($0).elementsEqual(original.prefix($0)) } ?? 0
    }
}
