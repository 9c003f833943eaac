import NIOCore

/// What the event loop answers by itself.
enum FastAnswer {
    /// A valid token: its claims.
    case claims([UInt8])
    /// An answer that never changes.
    case prepared(PreparedReply)

    /// For the counters.
    var status: Reply.Status {
        switch self {
        case .claims: .ok
        case .prepared(let reply): reply.status
        }
    }
}
