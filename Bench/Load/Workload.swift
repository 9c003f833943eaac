import NIOCore

/// What a load run asks for and what it makes of the answers. The driver knows connections, times and statuses; everything
/// about tokens is here. A workload is a value that is moved into one event loop for the length of a run and handed back
/// with the result, so it needs no lock and a second run goes on where the first stopped.
protocol Workload: Sendable {
    /// The names of its kinds of request; each has its own histogram. `Ask.kind` is an index into it.
    var kinds: [String] { get }

    /// How many requests may be unanswered at once on a connection, at least 1. More than one is pipelining.
    func depth(of connection: Int) -> Int

    /// Appends the bytes of one request to `buffer`.
    ///
    /// - Returns: what to remember until the answer comes, or nil (and nothing appended) when there is nothing left to
    ///   ask: the run ends once everything else is answered.
    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask?

    /// Takes the answer to `ask`. `body` is only valid during the call.
    ///
    /// - Returns: whether it is what it has to be; if not, the driver counts a failure under its kind and status.
    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool
}

extension Workload {
    func depth(of connection: Int) -> Int { 1 }
}

/// One request on its way.
struct Ask: Sendable {
    /// Index into ``Workload/kinds``.
    var kind: Int
    /// The workload's own note, for instance which token was sent.
    var slot = 0
}
