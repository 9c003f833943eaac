/// What can go wrong in a store. Each case is a different order to the caller.
public enum StoreError: Error, Equatable, Sendable {
    /// A record was not at its expected version: nothing was written; load again and decide again.
    case conflict
    /// Nothing was written and the store cannot write now (disk full, read-only, closed). Reads may still work.
    case unavailable(String)
    /// The write was sent and its fate is unknown: it may be there or not. The same request may be repeated.
    case outcomeUnknown(String)
    /// Too much is waiting already: nothing was written.
    case overloaded
    /// What is stored cannot be read: a damaged file, or one of a version that is not ours.
    case corrupt(String)
}
