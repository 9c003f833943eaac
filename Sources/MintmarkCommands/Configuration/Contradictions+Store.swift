import TokenCore
import Valkey
import ValkeyStore

// MARK: - A store that instances share

extension Settings {
    /// What is wrong with a shared store, or was said of one that there is not.
    func storeRules() -> [Contradiction] {
        var found = store.idleKeys.map { key in
            Contradiction(
                keys: [key, store.shared == nil ? Keys.storeURL.name : Keys.acknowledge.name],
                reason: "\(key) does nothing \(store.shared == nil ? "beside the embedded store" : "while store.acknowledge is memory").",
                fix: store.shared == nil ? "Set store.url, or remove \(key)." : "Set store.acknowledge to replicated or fsynced, or remove \(key).")
        }
        guard let shared = store.shared else { return found }
        if !keys.isSealFileNamed {
            found.append(
                Contradiction(
                    keys: [Keys.sealFile.name, Keys.storeURL.name],
                    reason: "Instances that share a store share its seal: with one each, none could read what the others have sealed.",
                    fix: "Make one with `mintmark keys new-seal`, give the same file to every instance and name it with keys.seal_file."))
        }
        if !auth.isIssuerNamed {
            found.append(
                Contradiction(
                    keys: [Keys.issuer.name, Keys.storeURL.name],
                    reason: "Made from each instance's own port, the issuer would not be the same on all, and none would accept another's tokens.",
                    fix: "Set auth.issuer to the address under which callers reach all of them."))
        }
        if let timeout = shared.acknowledge.timeout, auth.refreshGrace < timeout + .seconds(15) {
            found.append(
                Contradiction(
                    keys: [Keys.refreshGrace.name, Keys.acknowledgeTimeout.name],
                    reason:
                        "A refresh whose acknowledgement failed could not be repeated: the retry would come after the window and end the session.",
                    fix: "Set auth.refresh_grace to \(GoDuration.write(timeout + .seconds(15))) or more."))
        }
        if case .replicated(replicas: 0, _) = shared.acknowledge {
            found.append(
                Contradiction(
                    keys: [Keys.replicas.name, Keys.acknowledge.name], reason: "replicated with no replica waits for nothing.",
                    fix: "Set store.replicas to the number of replicas of each primary, or store.acknowledge to memory."))
        }
        if shared.authorityFile != nil, !shared.url.usesTLS {
            found.append(
                Contradiction(
                    keys: [Keys.storeAuthority.name, Keys.storeURL.name], reason: "The connection is not encrypted, so no certificate is checked.",
                    fix: "Write rediss:// or valkeys://, or remove store.ca_file."))
        }
        return found
    }
}

extension Acknowledge {
    /// How long a change waits; nil where it waits for nothing.
    var timeout: Duration? {
        switch self {
        case .memory: nil
        case .replicated(_, let timeout), .fsynced(_, let timeout): timeout
        }
    }
}
