import Testing

/// Proofs about the whole server: a real process on real sockets and a real disk, killed, starved and raced.
///
/// They run one after another, because each wants the machine for itself. `docs/reliability.md` tells what each one shows.
@Suite(.serialized) enum Proofs {}

/// Proofs about several instances on one store, one after another, beside those of one server: their time is spent waiting for one another more than
/// for a processor.
@Suite(.serialized) enum SharedProofs {}
