public import TokenCore

extension SQLiteStore {
    /// Where a store lives and how it works.
    public struct Configuration: Sendable {
        /// When a commit counts as done.
        public enum Synchronous: Sendable {
            /// When it is fsynced: survives `kill -9` and power loss.
            case full
            /// When the system has it: survives the process, not the machine. For tests and data that may be lost.
            case off
        }

        /// The folder, made 0700 if it is not there. It belongs to the store alone.
        public var path: String
        /// How many partitions subjects are spread over: a power of two, 1 ... 2,048; fixed when the store is made.
        public var partitions: Int
        /// When a commit counts as done.
        public var synchronous: Synchronous
        /// How many connections read at a time, 1 ... 64; nil for one per core, at least two.
        public var readers: Int?
        /// The most that each connection keeps of the file in memory; the system keeps the rest.
        public var pageCacheBytes: Int
        /// Whether events are kept for sinks to read. Where nobody reads them, writing and removing them would be a third of a commit.
        public var keepsEvents: Bool
        /// Is told of every group commit.
        public var observer: (any CommitObserver)?
        /// The most pages that the file may have: how tests fill the disk.
        var mostPages: Int?
        /// How long the log grows before it is copied: less in tests, so that power is cut in a checkpoint too.
        var checkpointAtPages = Checkpointer.usualPages

        /// A configuration; the usual one but for the folder.
        public init(
            path: String, partitions: Int = Partition.usual, synchronous: Synchronous = .full, readers: Int? = nil,
            pageCacheBytes: Int = 8 << 20, keepsEvents: Bool = true, observer: (any CommitObserver)? = nil
        ) {
            self.path = path
            self.partitions = partitions
            self.synchronous = synchronous
            self.readers = readers
            self.pageCacheBytes = pageCacheBytes
            self.keepsEvents = keepsEvents
            self.observer = observer
        }
    }
}
