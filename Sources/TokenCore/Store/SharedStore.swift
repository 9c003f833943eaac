/// What a store offers beside records and logs when many instances share it: one clock, and what each has to know of the others' revocations.
///
/// Promises of an implementer: every method may be called from any task, any number at once; none waits longer than a few seconds.
public protocol SharedStore: RecordStore, RevocationLog {
    /// The time of the one clock by which every instance decides.
    ///
    /// Of two calls, whichever instance makes them, the later one is not answered with an earlier time, also when another machine has taken over
    /// as the reference meanwhile and its own clock is behind.
    ///
    /// - Throws: `.unavailable` when the reference cannot be reached now.
    func time() async throws(StoreError) -> UnixTime

    /// How far the revocation log of every partition goes, `control` included, as of a moment after the call. A partition that cannot be read now is left
    /// out, so that one server which is away hides nothing of the others.
    ///
    /// - Throws: `.unavailable` when nothing can be read, or when the store is not the one that was opened.
    func survey() async throws(StoreError) -> [Partition: RevocationHead]

    /// Rings with a partition soon after revocations were committed there, by whichever instance. A bell may be lost: the log is the truth.
    ///
    /// The sequence ends with the store.
    func bells() -> AsyncStream<Partition>
}

/// How far the revocation log of a partition goes, and which past it has.
public struct RevocationHead: Hashable, Sendable {
    /// The number of the last entry ever written; 0 when there is none.
    public let number: UInt64
    /// Changes whenever the store may have gone back: another server has taken over, or one started again. Two heads of one history whose numbers
    /// are equal stand for the same log.
    public let history: String

    /// A head.
    public init(number: UInt64, history: String) {
        self.number = number
        self.history = history
    }
}
