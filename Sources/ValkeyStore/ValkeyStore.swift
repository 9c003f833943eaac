import Synchronization
public import TokenCore
import Valkey

/// The store that many instances share: Valkey or Redis as it is, 7.0 or newer, one server or a cluster.
///
/// A batch is one script in one slot, so it is atomic, and two batches that name one record are decided by the server one after the other. Records
/// expire by the server's own means: there is nothing to sweep.
public final class ValkeyStore: Sendable {
    /// How a store is opened.
    public struct Configuration: Sendable {
        /// How many partitions it has; recorded on first use. A power of two.
        public var partitions: Int
        /// Whether empty servers are set up; else opening them is refused.
        public var isMadeWhenEmpty: Bool
        /// What a commit waits for.
        public var acknowledge: Acknowledge
        /// Whether events are kept; without, nothing is written to the outboxes.
        public var keepsEvents: Bool
        /// Whether revocations ring (`bells()`): only tests of the heartbeat do without.
        public var rings: Bool
        /// Who hears of every commit.
        public var observer: (any ValkeyCommitObserver)?

        /// - Parameter partitions: 64 by default.
        public init(
            partitions: Int = Partition.usual, isMadeWhenEmpty: Bool = true, acknowledge: Acknowledge = .memory, keepsEvents: Bool = true,
            rings: Bool = true,
            observer: (any ValkeyCommitObserver)? = nil
        ) {
            self.partitions = partitions
            self.isMadeWhenEmpty = isMadeWhenEmpty
            self.acknowledge = acknowledge
            self.keepsEvents = keepsEvents
            self.rings = rings
            self.observer = observer
        }
    }

    /// The partitions, as recorded.
    public let partitionCount: Int
    /// What was found when it was opened, for the log of the start.
    public let notes: [OpeningNote]
    let client: any ValkeyClientProtocol
    let configuration: Configuration
    let scripts: Scripts
    /// Sixteen random bytes, drawn on first use: every partition is marked with them.
    let name: ValkeyKey
    /// What the time was when it was last asked.
    let lastTime = Mutex<(time: UnixTime, at: ContinuousClock.Instant)?>(nil)

    /// What history each partition's server had when the outboxes were last asked for.
    let outboxHistories = Mutex<[Partition: String]>([:])

    init(client: any ValkeyClientProtocol, configuration: Configuration, scripts: Scripts, name: ValkeyKey, notes: [OpeningNote]) {
        self.client = client
        self.configuration = configuration
        self.scripts = scripts
        self.name = name
        self.notes = notes
        partitionCount = configuration.partitions
    }

    /// Every partition there is, `control` last.
    var partitions: [Partition] { Self.partitions(configuration.partitions) }

    static func partitions(_ count: Int) -> [Partition] {
        (0..<count).compactMap { Partition(number: UInt16($0)) } + [.control]
    }

    /// Keeps the client's connections until the task is cancelled, then ends them when their replies have come.
    public func run() async { await client.run() }

    /// Ends the connections when their replies have come.
    public func close() { client.shutdown() }
}

/// Hears of every commit, for metrics. Called on the task that commits: it must not wait.
public protocol ValkeyCommitObserver: Sendable {
    /// A commit is over.
    ///
    /// - Parameters:
    ///   - duration: from the call to the answer, acknowledgements included.
    ///   - error: why it failed; nil when it went through.
    func committed(in duration: Duration, error: StoreError?)
}
