import NIOCore

/// `POST /refresh`, each token used exactly once: the successor takes the place of the one it came for, and goes to the end
/// of the line.
struct Refresh: Workload {
    let kinds = ["refresh"]
    private(set) var tokens: TokenTable
    /// Indexes of the tokens that nobody is using.
    private var line: CircularBuffer<Int>

    /// - Parameter tokens: one per session, more than there are connections.
    init(_ tokens: TokenTable) {
        self.tokens = tokens
        self.line = CircularBuffer(0..<tokens.count)
    }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        guard let index = self.line.popFirst() else { return nil }
        Messages.refresh(self.tokens, index, into: &buffer)
        return Ask(kind: 0, slot: index)
    }

    /// A token whose answer is wrong leaves the line: using it again would be reuse.
    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        guard status == 200, let successor = ReplyField.find("refresh", in: body) else { return false }
        guard self.tokens.replace(ask.slot, with: successor) else { return false }
        self.line.append(ask.slot)
        return true
    }
}
