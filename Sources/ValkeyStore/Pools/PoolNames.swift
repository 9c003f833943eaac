import TokenCore
import Valkey

/// The names of everything that a pool has on the server, under the tag of its partition.
///
/// | name | what |
/// |---|---|
/// | `{m…}Ph…` | the header |
/// | `{m…}Pt…` | a hash: what changes of each token, by id |
/// | `{m…}Pf…`, `{m…}Pd…` | sorted: the free ones by rank, and all that time does something to by when |
/// | `{m…}Pc…` | a hash: how many each holder has, in a pool that limits it |
/// | `{m…}Pq…` | sorted: the queue |
/// | `{m…}Pv…` | a hash: what never changes of each token, by id |
/// | `{m…}Pi…` | sorted: the ids, for lists |
/// | `{m…}N` | the names of the partition's pools; also the channel of their bell |
struct PoolNames {
    let names: Names
    let pool: PoolName

    init(_ pool: PoolName, in partition: Partition) {
        names = Names(partition)
        self.pool = pool
    }

    /// Everything that a verb may touch, in the order of `KEYS`.
    var all: [String] {
        ["M", "H", "O"].map { names.tag + $0 } + ["Ph", "Pt", "Pf", "Pd", "Pc", "Pq", "Pv", "Pi"].map { names.tag + $0 + pool.text }
            + [names.tag + "N"]
    }
}

extension Names {
    /// The names of the partition's pools.
    var pools: ValkeyKey { ValkeyKey(tag + "N") }
}
