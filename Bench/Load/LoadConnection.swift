import NIOCore

/// One connection to the server under test: writes what the run gives it, finds the ends of replies and reports them.
final class LoadConnection<W: Workload>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request without its answer.
    private struct Waiting {
        var ask: Ask
        /// When it was, or should have been, sent.
        var since: UInt64
    }

    let index: Int
    private let run: LoadRun<W>
    private var context: ChannelHandlerContext?
    /// Reused from request to request: by the time of the next one the channel has let go of it, so nothing is copied.
    private var out = ByteBuffer()
    private var unfinished: ByteBuffer?
    private var waiting = CircularBuffer<Waiting>(initialCapacity: 16)

    init(index: Int, run: LoadRun<W>) {
        self.index = index
        self.run = run
    }

    /// Number of unanswered requests.
    var unanswered: Int { self.waiting.count }

    /// Sends `number` requests in one write.
    ///
    /// - Parameter since: when they were due, in nanoseconds of the monotonic clock.
    /// - Returns: how many were sent; fewer than asked for means that the workload has nothing left.
    func send(_ number: Int, since: UInt64) -> Int {
        guard let context else { return 0 }
        self.out.clear()
        var sent = 0
        while sent < number, let ask = self.run.next(for: self.index, into: &self.out) {
            self.waiting.append(Waiting(ask: ask, since: since))
            sent += 1
        }
        if sent > 0 { context.writeAndFlush(self.wrapOutboundOut(self.out), promise: nil) }
        return sent
    }

    func close() {
        let context = self.context
        self.context = nil
        context?.close(promise: nil)
    }

    /// Not in `channelActive`: that comes after the future of the connection, with which the run starts.
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if var earlier = self.unfinished {
            self.unfinished = nil
            earlier.writeBuffer(&bytes)
            bytes = earlier
        }
        let now = NIODeadline.now().uptimeNanoseconds
        while bytes.readableBytes > 0 {
            guard let length = self.takeReply(bytes, now: now) else {
                self.unfinished = bytes
                return
            }
            bytes.moveReaderIndex(forwardBy: length)
        }
        if self.context != nil { self.run.answered(on: self, now: now) }
    }

    /// Gives the reply at the beginning of `bytes` to the run.
    ///
    /// - Returns: its length; nil if it is not all there or the connection is of no further use.
    private func takeReply(_ bytes: ByteBuffer, now: UInt64) -> Int? {
        bytes.withUnsafeReadableBytes { bytes in
            switch ReplyScanner.scan(bytes) {
            case .incomplete:
                return nil
            case .malformed:
                self.fail("malformed reply")
                return nil
            case .reply(let status, let body, let closes):
                guard let asked = self.waiting.popFirst() else {
                    self.fail("reply without a request")
                    return nil
                }
                let content = UnsafeRawBufferPointer(rebasing: bytes[body])
                self.run.take(status: status, body: content, to: asked.ask, latency: now &- min(now, asked.since))
                guard !closes else {
                    self.fail("the server asked to close")
                    return nil
                }
                return body.upperBound
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if self.context != nil { self.fail("connection closed by the server") }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.context != nil { self.fail("connection failed: \(error)") }
    }

    private func fail(_ what: String) {
        guard self.context != nil else { return }
        self.close()
        self.run.lost(self, why: what)
    }
}
