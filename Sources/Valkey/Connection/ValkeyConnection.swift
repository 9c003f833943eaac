import NIOCore
import NIOSSL
import Synchronization

/// One connection: drives a `ConnectionMachine` on an event loop, takes commands from any task, and ends for good when it breaks.
public final class ValkeyConnection: Sendable {
    typealias Waiter = CheckedContinuation<Result<[RESPToken], ValkeyClientError>, Never>

    /// Whom it tells.
    struct Listener: Sendable {
        /// Called once, when the first words are exchanged.
        var ready: @Sendable () -> Void = {}
        /// Called for every message that nobody asked for.
        var push: @Sendable (RESPToken) -> Void = { _ in }
        /// Called once, with the reason.
        var closed: @Sendable (ValkeyClientError) -> Void = { _ in }
    }

    /// Commands in bytes, with what the connection must know of them.
    struct Parcel: Sendable {
        var bytes: ByteBuffer
        var replies = 1
        var isBlocking = false
        var confirmation: PushKind?
    }

    /// Where it leads.
    public let address: ValkeyServerAddress
    let eventLoop: any EventLoop
    private let listener: Listener
    /// Held for a few lines at a time, by tasks and by the event loop.
    private let machine: Mutex<ConnectionMachine<Waiter>>
    /// Set once, when it is open.
    private let channel = Mutex<(any Channel)?>(nil)
    /// Why it is being closed, if that is known.
    private let reason = Mutex<ValkeyClientError?>(nil)
    private let lastID = Atomic<UInt64>(0)
    private let timer: NIOLoopBoundBox<Scheduled<Void>?>

    init(
        _ address: ValkeyServerAddress, greeting: Greeting.Wish, bounds: ConnectionMachine<Waiter>.Bounds, eventLoop: any EventLoop,
        listener: Listener
    ) {
        self.address = address
        self.eventLoop = eventLoop
        self.listener = listener
        machine = Mutex(ConnectionMachine(greeting: greeting, bounds: bounds))
        timer = .makeEmptyBox(valueType: Scheduled<Void>.self, eventLoop: eventLoop)
    }

    /// Whether commands may be given to it; they queue while it opens.
    var isUsable: Bool { machine.withLock { $0.isUsable } }
    /// Whether it is open and greeted.
    var isReady: Bool { machine.withLock { $0.isReady } }

    // MARK: Tasks

    /// Sends commands and waits for their replies.
    func send(_ parcel: Parcel, deadline: NIODeadline) async -> Result<[RESPToken], ValkeyClientError> {
        let id = lastID.add(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                submit(
                    .init(
                        id: id, waiter: waiter, bytes: parcel.bytes, replies: parcel.replies, deadline: deadline,
                        isBlocking: parcel.isBlocking, confirmation: parcel.confirmation))
                // The handler below may have run before there was anything to cancel.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func submit(_ entry: ConnectionMachine<Waiter>.Entry) {
        let (action, timer) = machine.withLock { ($0.submit(entry), $0.takeTimer()) }
        switch action {
        case .refuse(.overloaded):
            entry.waiter.fail(.init(.overloaded, execution: .notExecuted, message: "Too many commands wait for \(address)."))
        case .refuse: entry.waiter.fail(reason.withLock { $0 }?.with(.notExecuted) ?? .closed(.notExecuted))
        case .wait: break
        case .flush: eventLoop.execute { self.flush() }
        }
        if timer != nil { eventLoop.execute { self.schedule() } }
    }

    private func cancel(_ id: UInt64) {
        guard let cancelled = machine.withLock({ $0.cancel(id) }) else { return }
        cancelled.waiter.fail(
            .init(.cancelled, execution: cancelled.wasSent ? .unknown : .notExecuted, message: "The task was cancelled."))
        if cancelled.isStuck { close(.closed(.unknown, "A blocking command was cancelled.")) }
    }

    /// Ends it when every reply that is due has come.
    func end() {
        if machine.withLock({ $0.end() }) { close(.closed(.notExecuted, "The connection was ended.")) }
    }

    /// Ends it now.
    func close(_ why: ValkeyClientError) {
        reason.withLock { $0 = $0 ?? why }
        guard let channel = channel.withLock({ $0 }) else { return failed(why) }
        channel.close(promise: nil)
    }

    // MARK: The event loop

    /// The channel is open.
    func opened(_ channel: any Channel) {
        self.channel.withLock { $0 = channel }
        guard machine.withLock({ $0.state }) != .closed else { return channel.close(promise: nil) }
        perform([machine.withLock { $0.connected(now: .now()) }])
    }

    /// Replies arrived.
    func received(_ tokens: [RESPToken]) {
        let now = NIODeadline.now()
        perform(machine.withLock { machine in tokens.map { machine.received($0, now: now) } })
        if machine.withLock({ $0.hasMore }) { flush() }
        if machine.withLock({ $0.isFinished }) { close(.closed(.notExecuted, "The connection was ended.")) }
    }

    private func perform(_ actions: [ConnectionMachine<Waiter>.ReceiveAction]) {
        for action in actions {
            switch action {
            case .nothing: break
            case .send(let bytes): write(bytes)
            case .ready:
                listener.ready()
                flush()
            case .resume(let waiter, let replies): waiter.resume(returning: .success(replies))
            case .push(let token): listener.push(token)
            case .close(let error): close(error)
            }
        }
        if machine.withLock({ $0.takeTimer() }) != nil { schedule() }
    }

    /// Writes what waits, if the socket takes it.
    func flush() {
        let isWritable = channel.withLock { $0?.isWritable } ?? false
        let (bytes, timer) = machine.withLock { ($0.flush(isWritable: isWritable, now: .now()), $0.takeTimer()) }
        if let bytes { write(bytes) }
        if timer != nil { schedule() }
    }

    private func write(_ bytes: ByteBuffer) { channel.withLock { $0 }?.writeAndFlush(bytes, promise: nil) }

    /// Sets the timer to what the machine wants now, which may be earlier than what it wanted when this was asked for.
    private func schedule() {
        timer.value?.cancel()
        let deadline = machine.withLock { $0.armed }
        timer.value = deadline == .distantFuture ? nil : eventLoop.scheduleTask(deadline: deadline) { self.tick() }
    }

    private func tick() {
        let (expiry, timer) = machine.withLock { machine in (machine.tick(now: .now()), machine.takeTimer()) }
        for waiter in expiry.unsent {
            waiter.fail(.init(.timeout, execution: .notExecuted, message: "No connection to \(address) could take the command in time."))
        }
        for waiter in expiry.sent {
            waiter.fail(.init(.timeout, execution: .unknown, message: "\(address) did not reply in time."))
        }
        if let error = expiry.close { return close(error) }
        if let probe = expiry.probe { write(probe) }
        if timer != nil { schedule() }
    }

    /// It could not be opened, or it is gone.
    func failed(_ error: ValkeyClientError) {
        let why = reason.withLock { known in
            known = known ?? error
            return known ?? error
        }
        let (wasOpen, waiters) = machine.withLock { ($0.state != .closed, $0.disconnected()) }
        for waiter in waiters.unsent { waiter.fail(why.with(.notExecuted)) }
        for waiter in waiters.sent { waiter.fail(why.with(.unknown)) }
        eventLoop.execute {
            self.timer.value?.cancel()
            self.timer.value = nil
        }
        if wasOpen { listener.closed(why) }
    }

    /// Something that comes before the end of the connection and explains it.
    func explain(_ error: ValkeyClientError) {
        let error = isReady ? .closed(.unknown, error.message) : error
        reason.withLock { $0 = $0 ?? error }
    }
}

extension ValkeyConnection.Waiter {
    /// Ends the wait without a reply.
    func fail(_ error: ValkeyClientError) { resume(returning: .failure(error)) }
}
