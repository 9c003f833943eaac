import NIOCore
import TokenCore
import Valkey

/// The names of everything that a partition has on the server. All of them hold the partition's tag in braces, so that a cluster keeps them in one
/// slot and one script may touch them together.
///
/// | name | what |
/// |---|---|
/// | `{m…}M` | the marker: which store this is a part of |
/// | `{m…}H` | a hash: `r` and `e`, the numbers of the last revocation and the last event; `b`, a count that only has to change |
/// | `{m…}R` | the revocations, a stream whose ids are the dense numbers; also the channel of the bell |
/// | `{m…}O` | the outbox, a stream likewise |
/// | `{m…}k…` | a record: the letter of its kind, its id |
/// | `{m…}Ik…` | an index: the letter of the kind, the index key; with a byte 255 behind it, its members by their ends |
/// | `{m…}Lk` | a list of all records of a kind that has few |
/// | `{m…}P…`, `{m…}N` | pools and the names of the partition's pools: see `PoolNames` |
/// | `{m…}F`, `{m…}T` | in the control partition alone: the facts of the store, and its clock |
struct Names: Sendable {
    /// `{m…}`: the number in base 36, and nothing for the control partition.
    let tag: String

    init(_ partition: Partition) {
        tag = partition == .control ? "{m}" : "{m\(String(partition.number, radix: 36))}"
    }

    var marker: ValkeyKey { ValkeyKey(tag + "M") }
    var heads: ValkeyKey { ValkeyKey(tag + "H") }
    var revocations: ValkeyKey { ValkeyKey(tag + "R") }
    var outbox: ValkeyKey { ValkeyKey(tag + "O") }
    var facts: ValkeyKey { ValkeyKey(tag + "F") }
    var clock: ValkeyKey { ValkeyKey(tag + "T") }

    func record(_ kind: RecordKind, _ id: [UInt8]) -> ValkeyKey { name(kind.letter, id) }
    func index(_ kind: RecordKind, _ indexKey: [UInt8]) -> ValkeyKey { name("I" + kind.letter, indexKey) }
    func list(_ kind: RecordKind) -> ValkeyKey { name("L" + kind.letter, []) }

    /// Appends the name of a record to bytes.
    func writeRecord(_ key: RecordKey, to buffer: inout ByteBuffer) { write(key.kind.letter, key.id, to: &buffer) }

    private func name(_ prefix: String, _ rest: [UInt8]) -> ValkeyKey {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(tag.utf8.count + prefix.utf8.count + rest.count)
        write(prefix, rest, to: &buffer)
        return ValkeyKey(buffer)
    }

    private func write(_ prefix: String, _ rest: [UInt8], to buffer: inout ByteBuffer) {
        buffer.writeString(tag)
        buffer.writeString(prefix)
        buffer.writeBytes(rest)
    }
}

extension RecordKey {
    /// The record's name.
    var name: ValkeyKey { Names(partition).record(kind, id) }
}

extension RecordKind {
    /// The first letter of a record's name after the tag. Small: the capitals are the partition's own names.
    var letter: String {
        switch self {
        case .family: "f"
        case .subject: "s"
        case .client: "c"
        case .keyRing: "k"
        case .storeEpoch: "e"
        case .lease: "l"
        case .poolSecret: "p"
        case .upstream: "u"
        }
    }

    /// Whether there are few enough of them for a list of all. Records of other kinds are found by their index keys; to list all of those means
    /// to walk through the server's keys.
    var isListed: Bool {
        switch self {
        case .client: true
        case .family, .subject, .keyRing, .storeEpoch, .lease, .poolSecret, .upstream: false
        }
    }
}

extension ValkeyKey {
    /// Words of a command from bytes of ours.
    init(_ bytes: some Collection<UInt8>) { self.init(ByteBuffer(bytes: bytes)) }
}
