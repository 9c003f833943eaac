import NIOCore
import NIOHTTP1

/// Drives a `ConnectionMachine`: stands right after the HTTP codec, answers on the event loop what can be answered there, and lets everything
/// else through to the plain route and back.
///
/// Also the one place where an HTTP/1 connection is timed, ended and refused, because it alone sees every request and every answer.
final class FastLaneHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var machine = ConnectionMachine()
    private let state: LoopState
    private let limits: Limits
    private let isAnswering: Bool
    private let responder: Responder
    private var short: ShortRequest?
    /// Asked for once: it stays the same as long as the connection.
    private lazy var origin: Incoming.Origin? = beforeEncoder.map { Incoming.Origin($0.channel) }
    /// Who is at the other end of the socket: asked for once, where somebody wants to know.
    private lazy var peer: Peer = beforeEncoder.map { Peer(of: $0.channel) } ?? .unknown
    /// What arrived while a short request was being answered, in its order. Bounded by what one read brings, because no other follows.
    private var held: CircularBuffer<Arrival> = []
    /// Writes past the encoder: prepared answers are bytes already.
    private var beforeEncoder: ChannelHandlerContext?
    private var answer: (FastAnswer, RequestShape.Target)?
    /// What this read burst has answered so far; taken from the loop's spare and given back.
    private var burst: ByteBuffer?
    private var burstBegan = NIODeadline.uptimeNanoseconds(0)
    private var burstTargets = FastCounts()
    private var lastProgress = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var readIsHeld = false
    private var farewell: PreparedReply?
    private var stalledSince: NIODeadline?
    /// Who wants to know when the other side has gone.
    private var departure: DepartureWatch?
    private var hasDeparted = false
    /// The request under way is one whose body may take as long as it comes.
    private var isStreamed = false

    /// - Parameters:
    ///   - state: of the connection's event loop.
    ///   - responder: answers short requests, and counts what was refused before it was a request.
    ///   - answers: whether the event loop answers what it can; else this only keeps the connection.
    init(state: LoopState, limits: Limits, responder: Responder, answers: Bool) {
        isAnswering = answers
        self.responder = responder
        self.state = state
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        beforeEncoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        state.connections += 1
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        state.connections -= 1
        timer?.cancel()
        timer = nil
        beforeEncoder = nil
        depart()
    }

    /// The other side has gone: nobody waits for it any longer.
    private func depart() {
        hasDeparted = true
        departure?.tell()
        departure = nil
    }
}

// MARK: - What arrives

extension FastLaneHandler {
    /// Whether bytes that arrive are to be read at all.
    func takesBytes() -> Bool { machine.receivedBytes() }

    /// What a connection brings, as far as it has to stay in order.
    private enum Arrival {
        case part(HTTPServerRequestPart)
        case failure(HTTPParserError)
        case inputClosed
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { arrived(.part(unwrapInboundIn(data)), context) }

    private func arrived(_ arrival: Arrival, _ context: ChannelHandlerContext) {
        guard !machine.isBusy else {
            // Whoever waits for a token has to hear of it now, not after the answer.
            if case .inputClosed = arrival { depart() }
            return held.append(arrival)
        }
        switch arrival {
        case .part(.head(let head)): received(head, context)
        case .part(.body(let bytes)):
            switch machine.receivedBody() {
            case .gather: short?.append(bytes)
            case .pass:
                if isStreamed { lastProgress = .now() }
                context.fireChannelRead(wrapInboundOut(.body(bytes)))
            case .answer, .begin, .drop: break
            }
        case .part(.end(let trailers)):
            switch machine.receivedEnd() {
            case .answer: sendAnswer(context)
            case .begin: answerShort(context)
            case .pass: context.fireChannelRead(wrapInboundOut(.end(trailers)))
            case .gather, .drop: break
            }
        case .failure(let error): breakOff(state.replies.refusal(of: error), context)
        case .inputClosed:
            flushBurst(context)
            depart()
            perform(machine.stop(), context)
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    private func answer(to head: HTTPRequestHead, _ shape: RequestShape) -> FastAnswer? {
        guard shape.target == .upstreamToken else { return state.answer(shape.target, shape.authorization) }
        return state.upstreamAnswer(head, shape, from: peer)
    }

    private func received(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let shape = RequestShape(head)
        if let fault = shape.fault {
            farewell = state.replies.refusal(of: fault)
            return perform(machine.failed(), context)
        }
        if burst == nil { beginBurst() }
        answer = isAnswering && shape.isFast && machine.mayAnswer ? answer(to: head, shape).map { ($0, shape.target) } : nil
        let awaitsContinue = shape.expectsContinue && shape.hasBody && (shape.contentLength ?? 0) <= limits.bodyBytes
        let isShort = isAnswering && shape.isShort && (0...limits.bodyBytes).contains(shape.contentLength ?? 0)
        switch machine.receivedHead(canAnswer: answer != nil, isShort: isShort, closes: shape.closes, awaitsContinue: awaitsContinue) {
        case .answer, .drop: break
        case .gather: short = ShortRequest(head)
        case .pass(let sendContinue):
            if sendContinue { self.sendContinue(context) }
            isStreamed = shape.isStreamed
            context.fireChannelRead(wrapInboundOut(.head(shape.hosts == 0 ? head.namingNoHost : head)))
        }
    }

    /// The rest of a request will not be read. Whoever reads it as a stream is told, or what came would pass for the whole (RFC 9112 section 8).
    private func breakOff(_ refusal: PreparedReply, _ context: ChannelHandlerContext) {
        let isStreamed = machine.reading == .passed
        farewell = refusal
        perform(machine.failed(), context)
        if isStreamed { context.fireErrorCaught(HTTPParserError.invalidEOFState) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushBurst(context)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { return arrived(.failure(error), context) }
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            if machine.isBusy { depart() }
            perform(machine.stop(), context)
        case ChannelEvent.inputClosed: arrived(.inputClosed, context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }
}

extension FastLaneHandler {
    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let watch = event as? DepartureWatch else { return context.triggerUserOutboundEvent(event, promise: promise) }
        departure = watch
        if hasDeparted { depart() }
        promise?.succeed()
    }
}

// MARK: - Short requests

extension FastLaneHandler {
    /// Has the request answered by a task, on the task pool, and sends the answer.
    private func answerShort(_ context: ChannelHandlerContext) {
        guard let origin, let request = short?.request(from: origin) else { return }
        short = nil
        flushBurst(context)
        let began = ContinuousClock.now
        let this = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        Task { [responder] in
            let reply = await responder.answer(to: request, since: began)
            this.eventLoop.execute { this.value.handler.finish(reply, this.value.context) }
        }
    }

    private func finish(_ reply: Reply, _ context: ChannelHandlerContext) {
        // The connection may be gone.
        guard beforeEncoder != nil else { return }
        if burst == nil { beginBurst() }
        let closes = machine.sendingHead(closes: reply.closes)
        burst?.append(.prepared(PreparedReply(reply, closes: closes)), from: state)
        perform(machine.sentEnd(), context)
        if held.isEmpty {
            flushBurst(context)
        } else {
            while !machine.isBusy, let arrival = held.popFirst() { arrived(arrival, context) }
            channelReadComplete(context: context)
        }
        if !machine.isBusy, readIsHeld, context.channel.isWritable {
            readIsHeld = false
            context.read()
        }
    }
}

// MARK: - What leaves

extension FastLaneHandler {
    private func beginBurst() {
        burst = state.takeBuffer()
        burstBegan = .now()
        lastProgress = burstBegan
        state.refreshClock()
    }

    private func sendAnswer(_ context: ChannelHandlerContext) {
        guard let (answer, target) = answer else { return }
        self.answer = nil
        if burst == nil { beginBurst() }
        burst?.append(answer, from: state)
        burstTargets.count(target, answer.status)
        perform(machine.answered(), context)
    }

    /// One write and one flush for everything that one read brought.
    private func flushBurst(_ context: ChannelHandlerContext) {
        guard let buffer = burst else { return }
        burst = nil
        if buffer.readableBytes > 0, let beforeEncoder {
            beforeEncoder.writeAndFlush(NIOAny(buffer), promise: nil)
            state.count(burstTargets, took: NIODeadline.now() - burstBegan)
            burstTargets = FastCounts()
        }
        state.giveBack(buffer)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        flushBurst(context)
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard !(100..<200).contains(head.status.code) else { return context.write(data, promise: promise) }
            if machine.sendingHead(closes: head.headers.contains(name: "connection")) {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            lastProgress = .now()
            context.writeAndFlush(data, promise: promise)
            perform(machine.sentEnd(), context)
        }
    }

    private func sendContinue(_ context: ChannelHandlerContext) {
        flushBurst(context)
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    private func perform(_ action: ConnectionMachine.EndAction, _ context: ChannelHandlerContext) {
        switch action {
        case .nothing: break
        case .sendContinue: sendContinue(context)
        case .close:
            flushBurst(context)
            context.close(promise: nil)
        case .linger: linger(context)
        case .sendFarewell:
            if burst == nil { beginBurst() }
            if let farewell {
                responder.metrics.recordRefusal(farewell.status)
                burst?.append(.prepared(farewell), from: state)
            }
            flushBurst(context)
            linger(context)
        }
    }

    /// Closes our half at once and the whole a little later, so that the last answer is not lost with bytes that nobody reads.
    private func linger(_ context: ChannelHandlerContext) {
        flushBurst(context)
        context.close(mode: .output, promise: nil)
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.linger) { [context] in context.close(promise: nil) }
    }
}

// MARK: - Bounds in time and memory

extension FastLaneHandler {
    /// While the other side does not take its answers, or sends more than it may, nothing of it is read: what waits to be sent, and what waits to
    /// be answered, stays bounded by one read.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable, held.isEmpty { context.read() } else { readIsHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        if context.channel.isWritable, held.isEmpty, readIsHeld {
            readIsHeld = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    private func schedule(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.timerStep) { [self, context] in
            checkTime(context)
        }
    }

    private func checkTime(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        if let stalledSince, now - stalledSince >= limits.requestTimeout { return context.close(promise: nil) }
        switch machine.reading {
        case .passed, .fast, .short:
            if now - lastProgress >= limits.requestTimeout {
                return breakOff(state.replies.tooSlow, context)
            }
        case .idle, .deaf:
            if !machine.owesAnswer, now - lastProgress >= limits.idleTimeout { return context.close(promise: nil) }
        }
        schedule(context)
    }
}

extension HTTPRequestHead {
    /// A head without Host gets an empty one, which names nothing: the plain route refuses it where HTTP/1.1 asks for a host.
    fileprivate var namingNoHost: HTTPRequestHead {
        guard version.major == 1, version.minor == 0 else { return self }
        var copy = self
        copy.headers.add(name: "Host", value: "")
        return copy
    }
}
