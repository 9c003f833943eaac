import NIOCore
import Synchronization

/// Gathers the ports of the listeners until all of them accept connections.
final class Listening: Sendable {
    private struct State {
        var ports: [CannotListen.Listener: Int] = [:]
        var isOver = false
        var waiter: CheckedContinuation<TokenServer.Ports?, Never>?
    }

    private let expected: Int
    /// Guards the ports while one is added or all are read.
    private let state = Mutex(State())

    init(expected: Int) { self.expected = expected }

    /// A listener is up.
    func opened(_ name: CannotListen.Listener, _ channel: any Channel) {
        let ready = state.withLock { state -> (CheckedContinuation<TokenServer.Ports?, Never>, TokenServer.Ports)? in
            state.ports[name] = channel.localAddress?.port ?? 0
            guard let ports = Self.complete(state.ports, expected), let waiter = state.waiter.take() else { return nil }
            return (waiter, ports)
        }
        ready.map { waiter, ports in waiter.resume(returning: ports) }
    }

    /// Whether it accepts connections, or did.
    func isOpen(_ name: CannotListen.Listener) -> Bool { state.withLock { $0.ports[name] != nil } }

    /// The ports, once all are known; nil when a listener failed before. Called once.
    func ports() async -> TokenServer.Ports? {
        await withCheckedContinuation { continuation in
            let (isKnown, ports) = state.withLock { state -> (Bool, TokenServer.Ports?) in
                let ports = Self.complete(state.ports, expected)
                if ports == nil, !state.isOver { state.waiter = continuation }
                return (ports != nil || state.isOver, ports)
            }
            if isKnown { continuation.resume(returning: ports) }
        }
    }

    /// Nothing more will open.
    func giveUp() {
        let waiter = state.withLock { state in
            state.isOver = true
            return state.waiter.take()
        }
        waiter?.resume(returning: nil)
    }

    private static func complete(_ ports: [CannotListen.Listener: Int], _ expected: Int) -> TokenServer.Ports? {
        guard ports.count == expected, let main = ports[.main], let admin = ports[.admin] else { return nil }
        return TokenServer.Ports(main: main, admin: admin, metrics: ports[.metrics])
    }
}
