extension WriteBatch {
    /// The most of each that one batch may carry.
    public enum Bounds {
        /// Changes and conditions.
        public static let writes = 1024
        /// Entries for the revocation log.
        public static let revocations = 256
        /// Entries for the outbox.
        public static let events = 1024
        /// Bytes of an id, and of an index key.
        public static let keyBytes = 255
    }

    /// Stops the process when the batch breaks the rules above it: a store that went on would no longer be atomic.
    ///
    /// Every store calls this first; batches are made by our own code, never by a request's bytes.
    public func checkBounds() {
        precondition(
            writes.count <= Bounds.writes && revocations.count <= Bounds.revocations && events.count <= Bounds.events,
            "a batch is larger than a store promises to take")
        for write in writes {
            let key = write.key
            precondition(key.partition == partition, "a batch names a record of another partition")
            precondition(key.id.count <= Bounds.keyBytes, "a record's id is longer than 255 bytes")
            if case .put(let record, _) = write {
                precondition(record.indexKey?.count ?? 0 <= Bounds.keyBytes, "an index key is longer than 255 bytes")
            }
        }
        precondition(namesNoRecordTwice, "a batch names a record twice")
    }

    /// Touches apart, which commute with everything.
    private var namesNoRecordTwice: Bool {
        var seen: [RecordKey] = []
        var many: Set<RecordKey> = []
        for write in writes {
            if case .touch = write { continue }
            // Nearly every batch names two or three records: comparing them costs less than hashing them.
            if seen.count < 8 {
                if seen.contains(write.key) { return false }
                seen.append(write.key)
            } else {
                if many.isEmpty { many.formUnion(seen) }
                guard many.insert(write.key).inserted else { return false }
            }
        }
        return true
    }
}
