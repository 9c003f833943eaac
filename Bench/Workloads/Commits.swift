import TokenCore

/// Batches for a store, as logins and revocations make them.
struct Commits: Sendable {
    /// What a batch is, and where.
    enum Kind: CaseIterable, Sendable {
        /// A login of one more subject, all in one partition.
        case login
        /// Logins over all partitions.
        case spreadLogin
        /// Logins of one and the same subject, whose list of sessions grows.
        case loginOfOneSubject
        /// The end of a session, with its entry in the log of one partition and the bell.
        case revocation
        /// The same over all partitions.
        case spreadRevocation
    }

    let kind: Kind
    let now: UnixTime

    /// The store's own number of partitions.
    static let partitions = 64
    /// What a session's record holds, in bytes.
    static let bodyLength = 170
    /// How long a session lives that nobody uses.
    static let lifetime = Duration.seconds(30 * 86_400)
    /// How long an entry of the log does.
    static let accessLifetime = Duration.seconds(900)

    private static let body = [UInt8](repeating: 0x62, count: bodyLength)

    /// The batch of that number; every number is a batch of its own.
    func batch(_ number: UInt64) -> WriteBatch {
        switch self.kind {
        case .login: self.login(number, in: .control, subject: Self.name(number))
        case .spreadLogin: self.login(number, in: Self.partition(number), subject: Self.name(number))
        case .loginOfOneSubject: self.login(number, in: .control, subject: Self.name(0))
        case .revocation: self.revocation(number, in: .control)
        case .spreadRevocation: self.revocation(number, in: Self.partition(number))
        }
    }

    /// Expects that the subject has no record, which is the usual case, and puts the session in the subject's list.
    private func login(_ number: UInt64, in partition: Partition, subject: [UInt8]) -> WriteBatch {
        let family = RecordKey(partition: partition, kind: .family, id: Self.name(number))
        let record = StoredRecord(
            key: family, version: .absent, body: Self.body, indexKey: subject, expiresAt: self.now + Self.lifetime,
            activity: Activity(lastSeen: self.now))
        return WriteBatch(
            partition: partition, now: self.now,
            writes: [
                .expect(RecordKey(partition: partition, kind: .subject, id: subject), expecting: .absent), .put(record, expecting: .absent),
            ])
    }

    private func revocation(_ number: UInt64, in partition: Partition) -> WriteBatch {
        let session = SessionID(birth: self.now, partition: partition, random: number)
        let end = self.now + Self.accessLifetime
        let family = RecordKey(partition: partition, kind: .family, id: Self.name(number))
        let record = StoredRecord(key: family, version: .absent, body: Self.body, indexKey: nil, expiresAt: end, activity: .none)
        return WriteBatch(
            partition: partition, now: self.now, writes: [.put(record, expecting: .absent)],
            revocations: [RevocationEntry(.session(session), expiresAt: end)])
    }

    /// Twelve bytes, as long as the numbers of `redis-benchmark`.
    private static func name(_ number: UInt64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 12) { bytes, count in
            for place in 0..<12 { bytes[place] = place < 4 ? 0x30 : UInt8(truncatingIfNeeded: number >> (8 * UInt64(11 - place))) }
            count = 12
        }
    }

    private static func partition(_ number: UInt64) -> Partition {
        Partition(number: UInt16(number % UInt64(self.partitions))) ?? .control
    }
}

extension Commits {
    /// The name under which `redis-benchmark` finds its own database marked.
    static let mark = "mark"

    /// The same login as words of the commit script, for `redis-benchmark`.
    ///
    /// It can pass no NUL, not even in the last word if more than one command is in flight (what follows a NUL gets no number of its own). So the
    /// numbers in the record's head are others than ours, and as the length of the index key cannot be a small one, the rest of the record is its
    /// index key: the same number of bytes, and an index of its own for each, as with ours.
    static func words(digest: String) -> (words: [String], last: [UInt8]) {
        let time = "\u{1}\u{1}\u{1}\u{70}\u{1}\u{1}\u{1}\u{1}"
        let number = RedisBenchmark.anyNumber
        let keys = ["{m}M", "{m}H", "{m}R", "{m}O", "{m}s" + number, "{m}f" + number]
        let life = String((self.lifetime + .seconds(60)).nanoseconds / 1_000_000)
        let words = ["EVALSHA", digest, String(keys.count)] + keys + [self.mark, time, "0", "1", "2", "0", "0", "x", "", "", "", "p", "", life]
        let head: [UInt8] = [UInt8](repeating: 1, count: 8) + [1, 1, 1, 0x71, 1, 1, 1, 1] + Array(time.utf8) + [1, 1, 1, 1] + [1, 1]
        return (words, head + Array(number.utf8) + self.body)
    }
}
