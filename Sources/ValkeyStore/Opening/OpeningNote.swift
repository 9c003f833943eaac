/// What whoever starts an instance should know of the servers.
public enum OpeningNote: Sendable, Hashable, CustomStringConvertible {
    /// The store was empty: this was its first use.
    case isNew
    /// Fewer acknowledgements are waited for than there are replicas.
    case promotionIsBestEffort(replicas: Int, acknowledgements: Int)
    /// More acknowledgements are waited for than there are replicas now: nothing can be issued or changed before there are more.
    case tooFewReplicas(replicas: Int, acknowledgements: Int)
    /// The append-only file is off: a server that ends takes everything with it.
    case keepsNothingOnDisk

    /// A sentence for the log.
    public var description: String {
        switch self {
        case .isNew: "the store was empty: it has been set up"
        case .promotionIsBestEffort(let replicas, let acknowledgements):
            """
            \(acknowledgements) of \(replicas) replicas acknowledge: what was acknowledged is lost when another one is promoted. Set store.replicas to \
            the number of replicas of each primary
            """
        case .tooFewReplicas(let replicas, let acknowledgements):
            "\(acknowledgements) replicas must acknowledge and a primary has \(replicas): nothing is issued or changed until it has enough"
        case .keepsNothingOnDisk: "a server keeps nothing on disk (appendonly no): when it ends, every session ends"
        }
    }
}
